#include "engine/quant/dmq_balance.h"

#include <cmath>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

absl::StatusOr<std::vector<float>> Factors(const std::vector<float>& a,
                                           const std::vector<float>& w,
                                           int64_t num_channels,
                                           float strength = 0.5f) {
  return DmqBalanceFactors(a, w, num_channels, strength);
}

TEST(DmqBalanceTest, FactorIsTheRatioOfPowers) {
  ASSERT_OK_AND_ASSIGN(std::vector<float> half,
                       Factors({4, -16, 1, 0.5f}, {-1, 4}, 2));
  EXPECT_THAT(half, ElementsAre(4, 0.5f));  // 16^.5 / 1, 1 / 4^.5.
  ASSERT_OK_AND_ASSIGN(std::vector<float> quarter,
                       Factors({16}, {16}, 1, 0.25f));
  EXPECT_THAT(quarter, ElementsAre(0.25f));  // 16^.25 / 16^.75.
}

TEST(DmqBalanceTest, NothingToBalanceGivesOne) {
  ASSERT_OK_AND_ASSIGN(std::vector<float> no_data, Factors({0, 0}, {1, 2}, 2));
  EXPECT_THAT(no_data, ElementsAre(1, 1));
  ASSERT_OK_AND_ASSIGN(std::vector<float> no_weights,
                       Factors({1, 2}, {0, 1e-8f}, 2));
  EXPECT_THAT(no_weights, ElementsAre(1, 1));
  // No channel without zeros.
  ASSERT_OK_AND_ASSIGN(std::vector<float> apart, Factors({1, 0}, {0, 2}, 2));
  EXPECT_THAT(apart, ElementsAre(1, 1));
}

TEST(DmqBalanceTest, ChannelsWithZerosFollowTheOthers) {
  // The first has factor 2: A = 4 / 2, W = 1 * 2.
  ASSERT_OK_AND_ASSIGN(std::vector<float> factors,
                       Factors({4, 0, 8, 0}, {1, 4, 0, 0}, 4));
  EXPECT_THAT(factors, ElementsAre(2, 0.5f, 4, 1));
}

TEST(DmqBalanceTest, FactorsMustBeUsable) {
  EXPECT_OK(CheckBalanceFactors({1.1920929e-7f, 8388608.0f}));
  for (const float factor : {1e-7f, 8388609.0f, NAN, HUGE_VALF}) {
    EXPECT_THAT(CheckBalanceFactors({1, factor}),
                HasReason("SCALE_OUT_OF_RANGE"));
  }
}

TEST(DmqBalanceTest, RefusesBadDataAndParameters) {
  EXPECT_THAT(Factors({}, {1}, 1), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(Factors({1}, {}, 1), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(Factors({1, 2}, {1, 2, 3}, 2), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(Factors({1, 2, 3}, {1, 2}, 2), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(Factors({1}, {1}, 0), HasReason("OPTION_OUT_OF_RANGE"));
  for (const float strength : {0.1f, 0.9f, NAN}) {
    EXPECT_THAT(Factors({1}, {1}, 1, strength),
                HasReason("OPTION_OUT_OF_RANGE"));
  }
  EXPECT_THAT(Factors({NAN}, {1}, 1), HasReason("ACTIVATION_NOT_FINITE"));
  EXPECT_THAT(Factors({HUGE_VALF}, {1}, 1), HasReason("ACTIVATION_NOT_FINITE"));
  EXPECT_THAT(Factors({1}, {NAN}, 1), HasReason("WEIGHT_NOT_FINITE"));
  EXPECT_THAT(Factors({1}, {HUGE_VALF}, 1), HasReason("WEIGHT_NOT_FINITE"));
}

}  // namespace
}  // namespace quantd
