#include "engine/kernels/strided_map.h"

#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// 0, 1, 2, ...
std::vector<float> Iota(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

std::vector<float> Copied(const StridedMap& map, size_t src_size,
                          size_t dst_size, float fill = -1) {
  std::vector<float> dst(dst_size, -7);
  map.Copy(Iota(src_size).data(), fill, dst.data());
  return dst;
}

std::vector<float> AddedBack(const StridedMap& map, size_t dst_size,
                             size_t src_size) {
  std::vector<float> src(src_size, 0);
  map.AddBack(Iota(dst_size).data(), src.data());
  return src;
}

TEST(StridedMapTest, WithoutAxesIsOneElement) {
  EXPECT_THAT(Copied(StridedMap(), 1, 1), ElementsAre(0));
  EXPECT_THAT(Copied(StridedMap(IdentityAxes(Shape())), 1, 1), ElementsAre(0));
}

TEST(StridedMapTest, IdentityCopies) {
  const StridedMap map(IdentityAxes({2, 1, 3}));
  EXPECT_THAT(Copied(map, 6, 6), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(AddedBack(map, 6, 6), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(StridedMapTest, TransposesARange) {
  // Rows 1 and 2 of 4 x 3.
  const StridedMap map({{{3, 0, 1}}, {{2, 3, 3}}});
  EXPECT_THAT(Copied(map, 12, 6), ElementsAre(3, 6, 4, 7, 5, 8));
  EXPECT_THAT(AddedBack(map, 6, 12),
              ElementsAre(0, 0, 0, 0, 2, 4, 1, 3, 5, 0, 0, 0));
}

TEST(StridedMapTest, OneIndexOfAnAxisKeepsItsBegin) {
  std::vector<StridedAxis> axes = IdentityAxes({2, 3, 2});
  axes[1] = {{1, 2 * 2, 2}};
  EXPECT_THAT(Copied(StridedMap(axes), 12, 4), ElementsAre(4, 5, 10, 11));
}

TEST(StridedMapTest, FillsOuterAndInnerAxes) {
  // 1 x 2 with a row above and a column at either side.
  StridedRun pad;
  pad.count = 1;
  pad.fill = true;
  const StridedMap map({{pad, {1, 0, 2}}, {pad, {2, 0, 1}, pad}});
  EXPECT_THAT(Copied(map, 2, 8, 9), ElementsAre(9, 9, 9, 9, 9, 0, 1, 9));
  EXPECT_THAT(AddedBack(map, 8, 2), ElementsAre(5, 6));
}

TEST(StridedMapTest, RepeatsByStepZero) {
  const StridedMap map({{{2, 0, 2}}, {{2, 0, 0}}, {{2, 0, 1}}});
  EXPECT_THAT(Copied(map, 4, 8), ElementsAre(0, 1, 0, 1, 2, 3, 2, 3));
  EXPECT_THAT(AddedBack(map, 8, 4), ElementsAre(0 + 2, 1 + 3, 4 + 6, 5 + 7));
}

TEST(StridedMapTest, WalksBackwards) {
  const StridedMap map({{{3, 2, -1}}});
  EXPECT_THAT(Copied(map, 3, 3), ElementsAre(2, 1, 0));
  EXPECT_THAT(AddedBack(map, 3, 3), ElementsAre(2, 1, 0));
}

TEST(StridedMapTest, EmptyAxesTouchNothing) {
  const StridedMap map({{{3, 0, 0}}, {{0, 0, 1}}});
  EXPECT_THAT(Copied(map, 1, 2), Each(-7));
  EXPECT_THAT(AddedBack(StridedMap({StridedAxis()}), 1, 2), Each(0));
}

TEST(StridedMapTest, ThreadsGiveTheSame) {
  constexpr int64_t kRows = 300;
  constexpr int64_t kColumns = 257;
  const size_t size = kRows * kColumns;
  const StridedMap transpose({{{kColumns, 0, 1}}, {{kRows, 0, kColumns}}});
  const std::vector<float> copied = Copied(transpose, size, size);
  const std::vector<float> added = AddedBack(transpose, size, size);
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t c = 0; c < kColumns; ++c) {
      ASSERT_EQ(copied[c * kRows + r], static_cast<float>(r * kColumns + c));
      ASSERT_EQ(added[r * kColumns + c], static_cast<float>(c * kRows + r));
    }
  }
  // All rows are one row: their sum, which threads must not tear.
  const StridedMap repeat({{{kRows, 0, 0}}, {{kColumns, 0, 1}}});
  std::vector<float> ones(size, 1);
  std::vector<float> sums(kColumns, 0);
  repeat.AddBack(ones.data(), sums.data());
  EXPECT_THAT(sums, Each(kRows));
}

}  // namespace
}  // namespace quantd
