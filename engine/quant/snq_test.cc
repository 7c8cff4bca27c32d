#include "engine/quant/snq.h"

#include <omp.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::Each;
using ::testing::ElementsAre;

// Codes with the scale 1: the first weight is -128.
std::vector<float> WithScaleOne(std::vector<float> weights) {
  weights.insert(weights.begin(), -128.0f);
  return weights;
}

// A bell shape, the same everywhere.
std::vector<float> Bell(int count) {
  std::vector<float> weights;
  uint32_t state = 1;
  for (int i = 0; i < count; ++i) {
    float sum = 0;
    for (int k = 0; k < 4; ++k) {
      state = state * 1664525u + 1013904223u;
      sum += static_cast<float>(state >> 16) - 32768.0f;
    }
    weights.push_back(sum * 1e-6f);
  }
  return weights;
}

double SquaredError(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double error = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += error * error;
  }
  return sum;
}

TEST(SnqTest, FewValuesAreKeptToTheInt8Grid) {
  const std::vector<float> weights = {-1.0f, 0.5f, 0.5f, 0.25f};
  ASSERT_OK_AND_ASSIGN(SnqWeights snq, SnqSearch(weights, {}));
  ASSERT_EQ(snq.blocks.size(), 1);
  EXPECT_EQ(snq.blocks[0].scale, 1.0f / 128);
  EXPECT_THAT(snq.codes, ElementsAre(0, 2, 2, 1));
  EXPECT_THAT(SnqIntegers(snq), ElementsAre(-128, 64, 64, 32));
  EXPECT_EQ(SnqFakeWeights(snq), weights);
  EXPECT_EQ(snq.blocks[0].squared_error, 0.0);
  EXPECT_EQ(snq.blocks[0].iterations, 0);
}

TEST(SnqTest, ScalesCanBeGiven) {
  const std::vector<float> weights = {-1.0f, 0.5f, 0.25f, 7.0f};
  SnqParams params;
  params.num_blocks = 2;
  const std::vector<float> scales = {0.25f, 0.125f};
  params.scales = scales;
  ASSERT_OK_AND_ASSIGN(SnqWeights snq, SnqSearch(weights, params));
  EXPECT_EQ(snq.blocks[1].scale, 0.125f);
  EXPECT_THAT(SnqIntegers(snq), ElementsAre(-4, 2, 2, 56));
  params.num_blocks = 1;
  EXPECT_THAT(SnqSearch(weights, params), HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(SnqTest, BlocksAreClusteredOnTheirOwn) {
  SnqParams params;
  params.num_blocks = 3;
  const std::vector<float> weights = {-1, 0.5f, 0, 0, 254, 2};
  ASSERT_OK_AND_ASSIGN(SnqWeights snq, SnqSearch(weights, params));
  EXPECT_EQ(snq.blocks[0].scale, 1.0f / 128);
  EXPECT_EQ(snq.blocks[1].scale, 1.0f);
  EXPECT_THAT(snq.blocks[1].centres, Each(0));
  EXPECT_EQ(snq.blocks[2].scale, 2.0f);
  EXPECT_THAT(SnqIntegers(snq), ElementsAre(-128, 64, 0, 0, 127, 1));
  EXPECT_EQ(SnqFakeWeights(snq), weights);
}

TEST(SnqTest, AWeightBetweenTwoCentresTakesTheLower) {
  // Its 8-bit code is 1, which makes 1 a centre, as 0 is.
  ASSERT_OK_AND_ASSIGN(SnqWeights snq,
                       SnqSearch(WithScaleOne({0.5f, 0, -0.5f}), {}));
  EXPECT_THAT(SnqIntegers(snq), ElementsAre(-128, 0, 0, -1));
  EXPECT_EQ(snq.blocks[0].squared_error, 0.5);
}

TEST(SnqTest, CentresAreRoundedHalfAwayFromZero) {
  std::vector<float> weights;
  for (int i = 0; i < 16; ++i) {
    weights.push_back(static_cast<float>(-127 + 16 * i));
    weights.push_back(static_cast<float>(-128 + 16 * i));
  }
  ASSERT_OK_AND_ASSIGN(SnqWeights snq, SnqSearch(weights, {}));
  EXPECT_EQ(snq.blocks[0].centres[0], -128);  // Of -127.5.
  EXPECT_EQ(snq.blocks[0].centres[15], 113);  // Of 112.5.
  EXPECT_EQ(snq.blocks[0].squared_error, 16);
}

TEST(SnqTest, EveryStartBeatsUniformFourBits) {
  const std::vector<float> weights = Bell(3000);
  for (const LloydInit init :
       {LloydInit::kUniform, LloydInit::kGaussian, LloydInit::kD2Sampling}) {
    SnqParams params;
    params.num_blocks = 3;
    params.init = init;
    ASSERT_OK_AND_ASSIGN(SnqWeights snq, SnqSearch(weights, params));
    double sum = 0;
    for (const SnqBlock& block : snq.blocks) {
      EXPECT_FALSE(block.worse_than_uniform);
      EXPECT_FALSE(block.fell_back);
      EXPECT_GT(block.iterations, 1);
      sum += block.squared_error;
    }
    EXPECT_NEAR(sum, SquaredError(weights, SnqFakeWeights(snq)), 1e-12 * sum);
  }
}

TEST(SnqTest, ABadStartFallsBackToUniform) {
  // Sixteen heaps around the uniform 4-bit levels: from the quantiles of a
  // normal distribution two heaps end with one centre.
  std::vector<float> weights;
  for (int k = -8; k < 8; ++k) {
    for (int i = k == -8 ? 0 : -1; i <= 1; ++i) {
      weights.push_back(static_cast<float>(16 * k + i));
    }
  }
  SnqParams params;
  params.init = LloydInit::kGaussian;
  ASSERT_OK_AND_ASSIGN(SnqWeights snq, SnqSearch(weights, params));
  EXPECT_TRUE(snq.blocks[0].fell_back);
  EXPECT_FALSE(snq.blocks[0].worse_than_uniform);
  params.init = LloydInit::kUniform;
  ASSERT_OK_AND_ASSIGN(SnqWeights uniform, SnqSearch(weights, params));
  EXPECT_EQ(snq.blocks[0].centres, uniform.blocks[0].centres);
  EXPECT_FALSE(uniform.blocks[0].fell_back);
}

TEST(SnqTest, SaysWhenUniformFourBitsAreBetter) {
  // Exact with steps of 1, not with steps of 7 / 127.
  ASSERT_OK_AND_ASSIGN(SnqWeights snq, SnqSearch({1, 2, 3, 7}, {}));
  EXPECT_TRUE(snq.blocks[0].worse_than_uniform);
  // A scale that only 8 bits can have.
  ASSERT_OK_AND_ASSIGN(SnqWeights large, SnqSearch({1e8f, 2}, {}));
  EXPECT_FALSE(large.blocks[0].worse_than_uniform);
}

TEST(SnqTest, LargeBlocksGiveTheSameAsSmallOnes) {
  // Repeated weights keep their centres; a large block is counted in bins, a
  // small one sorted.
  const std::vector<float> once = Bell(1000);
  std::vector<float> often;
  for (int i = 0; i < 64; ++i) {
    often.insert(often.end(), once.begin(), once.end());
  }
  ASSERT_OK_AND_ASSIGN(SnqWeights small, SnqSearch(once, {}));
  ASSERT_OK_AND_ASSIGN(SnqWeights large, SnqSearch(often, {}));
  EXPECT_EQ(small.blocks[0].centres, large.blocks[0].centres);
  EXPECT_EQ(small.blocks[0].iterations, large.blocks[0].iterations);
}

TEST(SnqTest, SeedOfEachBlockIsItsNumber) {
  const std::vector<float> once = Bell(500);
  std::vector<float> twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  SnqParams params;
  params.init = LloydInit::kD2Sampling;
  params.num_blocks = 2;
  ASSERT_OK_AND_ASSIGN(SnqWeights both, SnqSearch(twice, params));
  params.num_blocks = 1;
  params.seed = 1;
  ASSERT_OK_AND_ASSIGN(SnqWeights second, SnqSearch(once, params));
  EXPECT_EQ(both.blocks[1].centres, second.blocks[0].centres);
}

TEST(SnqTest, AnyNumberOfThreadsGivesTheSame) {
  const std::vector<float> weights = Bell(64 * 100);
  SnqParams params;
  params.num_blocks = 64;
  params.init = LloydInit::kD2Sampling;
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  ASSERT_OK_AND_ASSIGN(SnqWeights one, SnqSearch(weights, params));
  omp_set_num_threads(7);
  ASSERT_OK_AND_ASSIGN(SnqWeights seven, SnqSearch(weights, params));
  omp_set_num_threads(threads);
  EXPECT_EQ(one.codes, seven.codes);
  EXPECT_EQ(SnqFakeWeights(one), SnqFakeWeights(seven));
  for (size_t c = 0; c < one.blocks.size(); ++c) {
    EXPECT_EQ(one.blocks[c].squared_error, seven.blocks[c].squared_error);
  }
}

TEST(SnqTest, RefusesBadWeightsAndParameters) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(SnqSearch({}, {}), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(SnqSearch({1, std::nanf("")}, {}),
              HasReason("WEIGHT_NOT_FINITE"));
  EXPECT_THAT(SnqSearch({1, infinity}, {}), HasReason("SCALE_OUT_OF_RANGE"));
  std::vector<SnqParams> all(7);
  all[0].num_blocks = 0;
  all[1].num_blocks = 2;
  all[2].max_iteration = 499;
  all[3].max_iteration = 2001;
  all[4].min_distance = 9e-11;
  all[5].min_distance = 2e-3;
  all[6].min_distance = std::nan("");
  for (const SnqParams& params : all) {
    EXPECT_THAT(SnqSearch({1, 2, 3}, params), HasReason("OPTION_OUT_OF_RANGE"));
  }
}

}  // namespace
}  // namespace quantd
