#include "engine/quant/lloyd.h"

#include <map>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<LloydPoint> Histogram(const std::vector<int>& codes) {
  std::map<int, int64_t> counts;
  for (const int code : codes) ++counts[code];
  std::vector<LloydPoint> points;
  for (const auto& [code, count] : counts) {
    points.push_back({static_cast<double>(code), count});
  }
  return points;
}

// lo, lo + step, ..., of `count` codes.
std::vector<int> Ramp(int lo, int step, int count) {
  std::vector<int> codes;
  for (int i = 0; i < count; ++i) codes.push_back(lo + i * step);
  return codes;
}

LloydParams Params(LloydInit init, int max_iteration = 1000) {
  LloydParams params;
  params.init = init;
  params.max_iteration = max_iteration;
  return params;
}

TEST(LloydTest, FewCodesAreTheCentres) {
  EXPECT_THAT(LloydClusters(Histogram({-128, 5, 5, 127}), {}).centres,
              ElementsAre(-128, 5, 127, 127, 127, 127, 127, 127, 127, 127, 127,
                          127, 127, 127, 127, 127));
  EXPECT_EQ(LloydClusters(Histogram(Ramp(0, 1, 16)), {}).iterations, 0);
  EXPECT_THAT(LloydClusters({}, {}).centres, Each(0.0));
}

TEST(LloydTest, UniformStart) {
  // 17 codes from 0 to 32 in steps of 2.
  const LloydResult start =
      LloydClusters(Histogram(Ramp(0, 2, 17)), Params(LloydInit::kUniform, 0));
  EXPECT_EQ(start.iterations, 0);
  EXPECT_EQ(start.centres[0], 0);
  EXPECT_DOUBLE_EQ(start.centres[1], 32.0 / 15);
  EXPECT_EQ(start.centres[15], 32);
}

TEST(LloydTest, GaussianStartFollowsTheMomentsAndStaysInside) {
  // 256 codes, uniform: mean -0.5, variance (256^2 - 1) / 12.
  std::vector<int> codes = Ramp(-128, 1, 256);
  const Centres wide =
      LloydClusters(Histogram(codes), Params(LloydInit::kGaussian, 0)).centres;
  EXPECT_NEAR(wide[8], -0.5 + 73.9003 * 0.0784124, 1e-3);
  EXPECT_NEAR(wide[7], -0.5 - 73.9003 * 0.0784124, 1e-3);
  EXPECT_EQ(wide[0], -128);  // -138 clipped.
  EXPECT_EQ(wide[15], 127);
  EXPECT_NEAR(wide[1], -0.5 - 73.9003 * 1.3180109, 1e-3);
}

TEST(LloydTest, SampledStartIsOfCodesAndDependsOnTheSeed) {
  const std::vector<LloydPoint> histogram = Histogram(Ramp(-100, 10, 20));
  LloydParams params = Params(LloydInit::kD2Sampling, 0);
  const Centres first = LloydClusters(histogram, params).centres;
  for (int j = 0; j < kNumCentres; ++j) {
    EXPECT_EQ(static_cast<int>(first[j]) % 10, 0);
    // A chosen code has distance 0 and is not drawn again.
    if (j > 0) {
      EXPECT_GT(first[j], first[j - 1]);
    }
  }
  EXPECT_EQ(first, LloydClusters(histogram, params).centres);
  params.seed = 1;
  EXPECT_NE(first, LloydClusters(histogram, params).centres);
}

TEST(LloydTest, FirstSampleFollowsSplitMix64) {
  // The first output for seed 0, 0xE220A839..., is 0.8833 of 2^64: of 20 codes
  // that occur once, number 17.
  LloydParams params = Params(LloydInit::kD2Sampling, 0);
  const Centres centres =
      LloydClusters(Histogram(Ramp(0, 1, 20)), params).centres;
  EXPECT_THAT(centres, ::testing::Contains(17.0));
}

TEST(LloydTest, CentresMoveToTheMeanOfTheirCodes) {
  // Pairs (0, 1), (16, 17), ..., and one more code at the end.
  std::vector<int> codes;
  for (int i = 0; i < 15; ++i) {
    codes.push_back(-120 + 16 * i);
    codes.push_back(-119 + 16 * i);
  }
  codes.push_back(120);
  const LloydResult result =
      LloydClusters(Histogram(codes), Params(LloydInit::kUniform));
  for (int i = 0; i < 15; ++i) EXPECT_EQ(result.centres[i], -119.5 + 16 * i);
  EXPECT_EQ(result.centres[15], 120);
  EXPECT_EQ(result.iterations, 2);  // The second moves nothing.
}

TEST(LloydTest, ATieGoesToTheLowerCentre) {
  // Centres 0, 2, ..., 30: code 1 is between the first two.
  std::vector<int> codes = Ramp(0, 2, 16);
  codes.push_back(1);
  EXPECT_EQ(LloydClusters(Histogram(codes), Params(LloydInit::kUniform, 1))
                .centres[0],
            0.5);
}

TEST(LloydTest, ACentreWithoutCodesStays) {
  // 17 codes at the bottom, one far away: 13 centres in between have none.
  std::vector<int> codes = Ramp(-128, 1, 17);
  codes.push_back(127);
  const Centres centres =
      LloydClusters(Histogram(codes), Params(LloydInit::kUniform)).centres;
  EXPECT_EQ(centres[2], -128 + 2 * 17.0);
  EXPECT_EQ(centres[14], -128 + 14 * 17.0);
  EXPECT_EQ(centres[15], 127);
}

TEST(LloydTest, EndsAtMaxIterationOrMinDistance) {
  std::vector<int> codes;
  for (int code = -128; code < 128; ++code) {
    for (int i = 0; i < 128 - std::abs(code); ++i) codes.push_back(code);
  }
  const std::vector<LloydPoint> histogram = Histogram(codes);
  const LloydResult full =
      LloydClusters(histogram, Params(LloydInit::kUniform));
  ASSERT_GT(full.iterations, 3);
  EXPECT_EQ(LloydClusters(histogram, Params(LloydInit::kUniform, 3)).iterations,
            3);
  LloydParams coarse;
  coarse.min_distance = 1e9;
  EXPECT_EQ(LloydClusters(histogram, coarse).iterations, 1);
}

TEST(WholeCentresTest, FreeCentresGoWhereTheErrorIsLargest) {
  // All start at 0: they spread over the 16 heaps.
  std::vector<int> codes;
  for (int k = -8; k < 8; ++k) {
    for (int i = 0; i < 3; ++i) codes.push_back(16 * k + i);
  }
  EXPECT_THAT(WholeCentres(Histogram(codes), Centres{}),
              ElementsAre(-127, -111, -95, -79, -63, -47, -31, -15, 1, 17, 33,
                          49, 65, 81, 97, 113));
}

TEST(WholeCentresTest, MeansAreRoundedHalfAwayFromZero) {
  const std::vector<LloydPoint> points = {{-2.5, 1}, {2, 1}, {2.5, 2}};
  Centres centres{};
  centres.fill(2.4);
  centres[0] = -2.4;
  // 2 and twice 2.5 have the mean 2.33; a second centre there gains nothing, so
  // the largest is repeated.
  EXPECT_THAT(WholeCentres(points, centres),
              ElementsAre(-3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2));
  EXPECT_THAT(WholeCentres({}, Centres{}), Each(0));
}

}  // namespace
}  // namespace quantd
