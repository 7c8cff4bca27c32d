#include "engine/eval/same_top1.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace quantd {
namespace {

Tensor Scores(const std::vector<std::vector<float>>& rows) {
  Tensor tensor(Shape({static_cast<int64_t>(rows.size()),
                       static_cast<int64_t>(rows[0].size())}));
  float* to = tensor.data();
  for (const auto& row : rows) to = std::copy(row.begin(), row.end(), to);
  return tensor;
}

TEST(SameTop1Test, CountsSameAndTiedClasses) {
  const Tensor a = Scores({{1, 2, 0}, {5, 5, 0}, {3, 2, 1}, {1, 1, 1}});
  const Tensor b = Scores({{1, 9, 8}, {5, 6, 0}, {2, 3, 1}, {1, 1, 1}});
  const Top1Counts counts = CompareTop1(a, b);
  EXPECT_EQ(counts.num_same, 2);  // Of equals the first.
  EXPECT_EQ(counts.num_tied, 1);
  EXPECT_EQ(CompareTop1(b, a).num_tied, 1);
}

TEST(SameTop1Test, OtherSizesHaveNothingInCommon) {
  const Top1Counts counts = CompareTop1(Scores({{1, 2}}), Scores({{1, 2, 3}}));
  EXPECT_EQ(counts.num_same + counts.num_tied, 0);
}

}  // namespace
}  // namespace quantd
