#include "server/worker/peak_memory.h"

#include <cstring>
#include <vector>

#include "gtest/gtest.h"

namespace quantd::worker {
namespace {

TEST(PeakMemoryTest, SeesAPeakThatIsOver) {
  ResetPeakMemory();
  const int64_t before = PeakMemoryBytes();
  EXPECT_GT(before, 0);
  {
    std::vector<char> block(size_t{256} << 20);
    std::memset(block.data(), 1, block.size());
    EXPECT_EQ(block[12345], 1);
  }
  EXPECT_GT(PeakMemoryBytes(), before + (int64_t{200} << 20));
}

}  // namespace
}  // namespace quantd::worker
