#include "engine/kernels/rank.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int64_t> Rank(const std::vector<float>& x, int64_t k,
                          RankOrder order = {}) {
  return RankIndices(x.data(), static_cast<int64_t>(x.size()), 1, k, order);
}

TEST(RankTest, LargestFirst) {
  EXPECT_THAT(Rank({1, 3, 2}, 3), ElementsAre(1, 2, 0));
  EXPECT_THAT(Rank({1, 3, 2}, 2), ElementsAre(1, 2));
  EXPECT_THAT(Rank({1, 3, 2}, 1), ElementsAre(1));
  EXPECT_THAT(Rank({1, 3, 2}, 0), IsEmpty());
}

TEST(RankTest, SmallestFirst) {
  EXPECT_THAT(Rank({1, 3, 2}, 3, {/*largest_first=*/false, false}),
              ElementsAre(0, 2, 1));
}

TEST(RankTest, TiesGoByIndex) {
  const std::vector<float> x = {5, 7, 5, 7};
  EXPECT_THAT(Rank(x, 4), ElementsAre(1, 3, 0, 2));
  EXPECT_THAT(Rank(x, 4, {true, /*last_index_first=*/true}),
              ElementsAre(3, 1, 2, 0));
  EXPECT_THAT(Rank(x, 1), ElementsAre(1));
  EXPECT_THAT(Rank(x, 1, {true, true}), ElementsAre(3));
  EXPECT_THAT(Rank(x, 4, {false, true}), ElementsAre(2, 0, 3, 1));
  EXPECT_THAT(Rank({0.0f, -0.0f}, 2), ElementsAre(0, 1));
}

TEST(RankTest, NanComesLast) {
  const std::vector<float> x = {NAN, -INFINITY, NAN, 2};
  EXPECT_THAT(Rank(x, 4), ElementsAre(3, 1, 0, 2));
  EXPECT_THAT(Rank(x, 4, {false, false}), ElementsAre(1, 3, 0, 2));
  EXPECT_THAT(Rank(x, 1), ElementsAre(3));
}

TEST(RankTest, Strides) {
  const std::vector<float> x = {1, 9, 3, 9, 2, 9};
  EXPECT_THAT(RankIndices(x.data(), 3, 2, 2, {}), ElementsAre(1, 2));
}

TEST(RankTest, RowsOfAnArray) {
  // Two planes of rows along the middle axis: (1, 3, 2), (9, 7, 8), ...
  const std::vector<float> x = {1, 9, 3, 7, 2, 8,  //
                                6, 4, 4, 5, 5, 6};
  std::vector<std::vector<int64_t>> ranks(4);
  std::vector<float> firsts(4);
  RankRows(x.data(), 2, 3, 2, 2, {},
           [&](int64_t o, int64_t i, const float* from,
               const std::vector<int64_t>& best) {
             ranks[o * 2 + i] = best;
             firsts[o * 2 + i] = from[0];
           });
  EXPECT_THAT(ranks, ElementsAre(ElementsAre(1, 2), ElementsAre(0, 2),
                                 ElementsAre(0, 2), ElementsAre(2, 1)));
  EXPECT_THAT(firsts, ElementsAre(1, 9, 6, 4));
}

}  // namespace
}  // namespace quantd
