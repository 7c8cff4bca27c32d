#include "engine/layers/pair_broadcast.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

// "a,b" for every element of the result.
std::vector<std::string> Pairs(const PairBroadcast& pair) {
  std::vector<std::string> result(pair.shape().num_elements());
  pair.ForEachRun([&](int64_t i, int64_t a, int64_t b) {
    for (int64_t k = 0; k < pair.run(); ++k) {
      result[i + k] =
          absl::StrCat(a + k * pair.a_step(), ",", b + k * pair.b_step());
    }
  });
  return result;
}

TEST(PairBroadcastTest, EqualShapesAreOneRun) {
  ASSERT_OK_AND_ASSIGN(const auto pair,
                       PairBroadcast::Create({2, 1, 3}, {2, 1, 3}));
  EXPECT_EQ(pair.run(), 6);
  EXPECT_EQ(pair.a_step(), 1);
  EXPECT_EQ(pair.b_step(), 1);
  EXPECT_EQ(pair.shape(), Shape({2, 1, 3}));
}

TEST(PairBroadcastTest, OnesAndMissingAxesRepeat) {
  ASSERT_OK_AND_ASSIGN(const auto outer, PairBroadcast::Create({2, 1}, {3}));
  EXPECT_EQ(outer.shape(), Shape({2, 3}));
  EXPECT_THAT(Pairs(outer),
              ElementsAre("0,0", "0,1", "0,2", "1,0", "1,1", "1,2"));
  ASSERT_OK_AND_ASSIGN(const auto middle,
                       PairBroadcast::Create({2, 2, 2}, {2, 1, 2}));
  EXPECT_THAT(Pairs(middle), ElementsAre("0,0", "1,1", "2,0", "3,1", "4,2",
                                         "5,3", "6,2", "7,3"));
}

TEST(PairBroadcastTest, AlternatingAxes) {
  ASSERT_OK_AND_ASSIGN(const auto pair,
                       PairBroadcast::Create({1, 2, 1, 2}, {2, 1, 2, 1}));
  EXPECT_EQ(pair.shape(), Shape({2, 2, 2, 2}));
  EXPECT_THAT(Pairs(pair), ElementsAre("0,0", "1,0", "0,1", "1,1", "2,0", "3,0",
                                       "2,1", "3,1", "0,2", "1,2", "0,3", "1,3",
                                       "2,2", "3,2", "2,3", "3,3"));
}

TEST(PairBroadcastTest, ScalarsAndNothing) {
  ASSERT_OK_AND_ASSIGN(const auto scalars, PairBroadcast::Create({}, {}));
  EXPECT_THAT(Pairs(scalars), ElementsAre("0,0"));
  ASSERT_OK_AND_ASSIGN(const auto scalar, PairBroadcast::Create({2}, {}));
  EXPECT_THAT(Pairs(scalar), ElementsAre("0,0", "1,0"));
  ASSERT_OK_AND_ASSIGN(const auto none, PairBroadcast::Create({0, 3}, {1, 3}));
  EXPECT_EQ(none.shape(), Shape({0, 3}));
  EXPECT_TRUE(Pairs(none).empty());
}

TEST(PairBroadcastTest, RefusesOtherShapesAndTooManyElements) {
  EXPECT_THAT(PairBroadcast::Create({2, 3}, {2}),
              HasReason("LAYER_SHAPE_INVALID"));
  EXPECT_THAT(PairBroadcast::Create({0}, {3}),
              HasReason("LAYER_SHAPE_INVALID"));
  EXPECT_FALSE(PairBroadcast::Create({1 << 20, 1}, {1, 1 << 20}).ok());
}

}  // namespace
}  // namespace quantd
