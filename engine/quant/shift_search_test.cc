#include "engine/quant/shift_search.h"

#include <cmath>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

TEST(SearchShiftBitsTest, SmallestShiftThatDoesNotClip) {
  // 40000 needs one bit less, 2^30 fifteen; -65536 fits exactly with one.
  const std::vector<int32_t> sums = {40000, 4, 1 << 30, 0, -65536, 0};
  ASSERT_OK_AND_ASSIGN(std::vector<int> best, SearchShiftBits(sums, 3));
  EXPECT_THAT(best, ElementsAre(1, 16, 1));
}

TEST(SearchShiftBitsTest, RoundsTowardsZero) {
  // With N = 1 the errors are 1, 1 and, clipped, 65537 - 65534 = 3: 11. With N
  // = 2: -3 / 4 is 0, error 3; 3 likewise; 65537 / 4 = 16384, error 1: 19.
  const std::vector<int32_t> sums = {-3, 3, 65537};
  ASSERT_OK_AND_ASSIGN(std::vector<int> best, SearchShiftBits(sums, 1));
  EXPECT_THAT(best, ElementsAre(1));
}

TEST(SearchShiftBitsTest, NothingGivesOne) {
  ASSERT_OK_AND_ASSIGN(std::vector<int> none, SearchShiftBits({}, 2));
  EXPECT_THAT(none, ElementsAre(1, 1));
  const std::vector<int32_t> zeros(4);
  ASSERT_OK_AND_ASSIGN(std::vector<int> zero, SearchShiftBits(zeros, 1));
  EXPECT_THAT(zero, ElementsAre(1));
}

TEST(SearchShiftBitsTest, RefusesBadChannels) {
  const std::vector<int32_t> sums(3);
  for (const int64_t channels : {-1, 0, 2, 4}) {
    EXPECT_THAT(SearchShiftBits(sums, channels),
                HasReason("OPTION_OUT_OF_RANGE"));
  }
}

TEST(ShiftSearchTest, ErrorsAddUpOverBatches) {
  ASSERT_OK_AND_ASSIGN(ShiftSearch search,
                       ShiftSearch::Create({0.5f, 2}, false));
  // Sums 3 (from 2.5), -1 and 4, 6: floor(3 / 2) * 2 = 2, floor(-1 / 2) * 2 =
  // -2; with N = 2: 0, -4, 4, 4.
  ASSERT_OK(search.Add({1.25f, -0.5f, 8, 12}));
  EXPECT_EQ(search.errors()[0][0], 2);
  EXPECT_EQ(search.errors()[0][1], 18);
  EXPECT_EQ(search.errors()[1][0], 0);
  EXPECT_EQ(search.errors()[1][1], 4);
  ASSERT_OK(search.Add({1.25f, -0.5f, 8, 12}));
  EXPECT_EQ(search.errors()[0][1], 36);
  EXPECT_THAT(search.Best(), ElementsAre(1, 1));
}

TEST(ShiftSearchTest, BroadcastGivesOneShift) {
  ASSERT_OK_AND_ASSIGN(ShiftSearch search, ShiftSearch::Create({1, 1}, true));
  EXPECT_THAT(search.Best(), ElementsAre(1, 1));
  ASSERT_OK(search.Add({1, 131068}));
  ASSERT_EQ(search.errors().size(), 1);
  EXPECT_EQ(search.errors()[0][1], 1);
  EXPECT_THAT(search.Best(), ElementsAre(2, 2));
}

TEST(ShiftSearchTest, RefusesBadInput) {
  EXPECT_THAT(ShiftSearch::Create({}, false), HasReason("OPTION_OUT_OF_RANGE"));
  for (const float scale : {0.0f, -1.0f, HUGE_VALF, std::nanf("")}) {
    EXPECT_THAT(ShiftSearch::Create({1, scale}, true),
                HasReason("OPTION_OUT_OF_RANGE"));
  }
  ASSERT_OK_AND_ASSIGN(ShiftSearch search, ShiftSearch::Create({1, 1}, false));
  EXPECT_THAT(search.Add({}), HasReason("ACTIVATION_EMPTY"));
  EXPECT_THAT(search.Add({1, 2, 3}), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(search.Add({1, std::nanf("")}),
              HasReason("ACTIVATION_NOT_FINITE"));
}

}  // namespace
}  // namespace quantd
