#include "engine/quant/weight_ulq.h"

#include <cmath>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

TEST(WeightUlqTest, ScalesOfChannelsOnTheLastAxis) {
  // Channels {1.27, -1}, {-1.28, 1}, {0, 0}, {1.28, -1.28}.
  const std::vector<float> weights = {1.27f, -1.28f, 0, 1.28f,
                                      -1,    1,      0, -1.28f};
  std::vector<float> scale(4, 0.5f);
  ASSERT_OK_AND_ASSIGN(WeightUlqExtremes extremes,
                       WeightUlqScales(weights, {}, absl::MakeSpan(scale)));
  EXPECT_THAT(scale, ElementsAre(1.27f / 127, 1.28f / 128, 1, 1.28f / 127));
  EXPECT_THAT(extremes.max, ElementsAre(1.27f, 1, 0, 1.28f));
  EXPECT_THAT(extremes.min, ElementsAre(-1, -1.28f, 0, -1.28f));
}

TEST(WeightUlqTest, ReciprocalAndOneBit) {
  const std::vector<float> weights = {14, 2};
  WeightUlqParams params;
  params.num_bits = 4;
  params.reciprocal = true;
  std::vector<float> scale(1, 0.5f);
  ASSERT_OK(WeightUlqScales(weights, params, absl::MakeSpan(scale)).status());
  EXPECT_THAT(scale, ElementsAre(0.5f));
  params.num_bits = 1;
  scale[0] = 0.25f;
  ASSERT_OK(WeightUlqScales(weights, params, absl::MakeSpan(scale)).status());
  EXPECT_THAT(scale, ElementsAre(0.25f));
}

TEST(WeightUlqTest, FakeQuantization) {
  const std::vector<float> weights = {1.25f, 3, -1.25f, -30, 100, 3};
  WeightUlqParams params;
  params.num_bits = 4;
  std::vector<float> y(weights.size());
  ASSERT_OK(WeightUlqFakeQuant(weights, {0.5f, 2}, params, absl::MakeSpan(y)));
  EXPECT_THAT(y, ElementsAre(1.5f, 4, -1.5f, -16, 3.5f, 4));
  params.reciprocal = true;
  ASSERT_OK(WeightUlqFakeQuant(weights, {2, 0.5f}, params, absl::MakeSpan(y)));
  EXPECT_THAT(y, ElementsAre(1.5f, 4, -1.5f, -16, 3.5f, 4));
}

TEST(WeightUlqTest, StepsOfLearnedScales) {
  EXPECT_THAT(WeightUlqSteps({0.5f, -0.5f, 0}, false),
              ElementsAre(0.5f, 0.5f, 1e-6f));
  EXPECT_THAT(WeightUlqSteps({0.5f, -4}, true), ElementsAre(2, 0.25f));
}

TEST(WeightUlqTest, RefusesBadWeightsAndParameters) {
  const auto refused = [](std::vector<float> weights, int num_bits,
                          size_t num_scales) {
    WeightUlqParams params;
    params.num_bits = num_bits;
    std::vector<float> scale(num_scales, 1.0f);
    return WeightUlqFakeQuant(weights, scale, params, absl::MakeSpan(weights));
  };
  EXPECT_THAT(refused({1}, 0, 1), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(refused({1}, 17, 1), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(refused({1}, 8, 0), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(refused({}, 8, 1), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(refused({NAN}, 8, 1), HasReason("WEIGHT_NOT_FINITE"));
  EXPECT_THAT(refused({-HUGE_VALF}, 8, 1), HasReason("WEIGHT_NOT_FINITE"));
}

}  // namespace
}  // namespace quantd
