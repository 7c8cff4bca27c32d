#include "engine/quant/arq.h"

#include <cmath>
#include <limits>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

absl::StatusOr<WeightFactors> Search(const std::vector<float>& weights,
                                     const ArqParams& params) {
  return ArqSearch<float>(absl::MakeConstSpan(weights), params);
}

TEST(ArqTest, ScaleIsTheLargestMagnitudeOver127) {
  ASSERT_OK_AND_ASSIGN(WeightFactors factors, Search({-0.5f, 1.27f}, {}));
  EXPECT_THAT(factors.scale, ElementsAre(1.27f / 127));
  EXPECT_THAT(factors.offset, ElementsAre(0));
}

TEST(ArqTest, NegativeExtremeAndTieDivideBy128) {
  ASSERT_OK_AND_ASSIGN(WeightFactors factors, Search({-1.0f, 1.0f}, {}));
  EXPECT_EQ(factors.scale[0], 1.0f / 128);
  const std::vector<float> weights = {-1.0f, 1.0f};
  ASSERT_OK_AND_ASSIGN(
      std::vector<int8_t> codes,
      QuantizeWeights<float>(factors, 8, absl::MakeConstSpan(weights)));
  EXPECT_THAT(codes, ElementsAre(-128, 127));
}

TEST(ArqTest, EachChannelHasItsScaleAndZerosGetOne) {
  ArqParams params;
  params.channel_wise = true;
  params.num_scales = 3;
  ASSERT_OK_AND_ASSIGN(WeightFactors factors,
                       Search({1, 2, 0, 0, -4, 1}, params));
  EXPECT_THAT(factors.scale, ElementsAre(2.0f / 127, 1.0f, 4.0f / 128));
}

TEST(ArqTest, OffsetTakesZeroIntoTheRange) {
  ArqParams params;
  params.with_offset = true;
  ASSERT_OK_AND_ASSIGN(WeightFactors positive, Search({1, 2.55f}, params));
  EXPECT_THAT(positive.scale, ElementsAre(2.55f / 255));
  EXPECT_THAT(positive.offset, ElementsAre(-128));
  ASSERT_OK_AND_ASSIGN(WeightFactors negative, Search({-1, -2.55f}, params));
  EXPECT_THAT(negative.offset, ElementsAre(127));
}

TEST(ArqTest, CodesRoundHalfAwayFromZeroAndClip) {
  const std::vector<double> weights = {0.5, -0.5, 1.5, 2.4999999999, 500, -500};
  ASSERT_OK_AND_ASSIGN(
      std::vector<int8_t> codes,
      QuantizeWeights<double>({{1.0f}, {0}}, 8, absl::MakeConstSpan(weights)));
  EXPECT_THAT(codes, ElementsAre(1, -1, 2, 2, 127, -128));
}

TEST(ArqTest, FakeQuantizationIsCodeTimesScale) {
  std::vector<float> weights = {0.3f, -0.26f, 9.0f};
  ASSERT_OK(
      FakeQuantizeWeights<float>({{0.25f}, {0}}, 4, absl::MakeSpan(weights)));
  EXPECT_THAT(weights, ElementsAre(0.25f, -0.25f, 7 * 0.25f));
}

TEST(ArqTest, RefusesBadWeightsAndParameters) {
  const float nan = std::nanf("");
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(Search({1, nan}, {}), HasReason("WEIGHT_NOT_FINITE"));
  EXPECT_THAT(Search({1, infinity}, {}), HasReason("SCALE_OUT_OF_RANGE"));
  EXPECT_THAT(Search({}, {}), HasReason("OPTION_OUT_OF_RANGE"));
  ArqParams params;
  params.num_scales = 2;
  EXPECT_THAT(Search({1, 2}, params), HasReason("OPTION_OUT_OF_RANGE"));
  params.channel_wise = true;
  EXPECT_OK(Search({1, 2}, params));
  EXPECT_THAT(Search({1, 2, 3}, params), HasReason("OPTION_OUT_OF_RANGE"));
  params.num_bits = 1;
  EXPECT_THAT(Search({1, 2}, params), HasReason("OPTION_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace quantd
