#include "engine/core/buffer_pool.h"

#include <cstdint>
#include <utility>

#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(BufferPoolTest, BuffersAreAlignedAndLargeEnough) {
  const auto pool = BufferPool::Create();
  const Buffer buffer = pool->Take(100);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0u);
  EXPECT_EQ(buffer.size_bytes(), 128);
  EXPECT_EQ(pool->held_bytes(), 128);
}

TEST(BufferPoolTest, SmallestThatFitsIsUsedAgain) {
  const auto pool = BufferPool::Create();
  const void* small = nullptr;
  const void* large = nullptr;
  {
    const Buffer a = pool->Take(1024), b = pool->Take(4096);
    small = a.data();
    large = b.data();
  }
  const Buffer c = pool->Take(1000);
  EXPECT_EQ(c.data(), small);
  const Buffer d = pool->Take(1000);
  EXPECT_EQ(d.data(), large);
  EXPECT_EQ(pool->held_bytes(), 1024 + 4096);
}

TEST(BufferPoolTest, LargestFreeOneIsReplacedWhereNoneFits) {
  const auto pool = BufferPool::Create();
  { const Buffer a = pool->Take(1024), b = pool->Take(2048); }
  const Buffer c = pool->Take(8192);
  EXPECT_EQ(pool->held_bytes(), 1024 + 8192);
  EXPECT_EQ(pool->peak_bytes(), 1024 + 8192);
}

TEST(BufferPoolTest, RepeatedDemandsSettle) {
  const auto pool = BufferPool::Create();
  int64_t held = 0;
  for (int pass = 0; pass < 5; ++pass) {
    Buffer a = pool->Take(1 << 20);
    Buffer b = pool->Take(1 << 18);
    a = Buffer();
    b = pool->Take(1 << 19);
    a = pool->Take(1 << 10);
    if (pass == 2) held = pool->held_bytes();
  }
  EXPECT_EQ(pool->held_bytes(), held);
  EXPECT_LE(held, (1 << 20) + (1 << 19));
}

TEST(BufferPoolTest, BuffersOutliveTheHandle) {
  auto pool = BufferPool::Create();
  Buffer buffer = pool->Take(64);
  pool.reset();
  static_cast<char*>(buffer.data())[63] = 1;
}

TEST(BufferPoolTest, MovedFromBufferGivesNothingBack) {
  const auto pool = BufferPool::Create();
  Buffer a = pool->Take(64);
  Buffer b = std::move(a);
  a = Buffer();
  const Buffer c = pool->Take(64);
  EXPECT_NE(c.data(), b.data());
}

}  // namespace
}  // namespace quantd
