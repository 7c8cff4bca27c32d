#include "engine/quant/range_factors.h"

#include <cmath>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

// A scale and an offset, or an error.
void ExpectFactors(const absl::StatusOr<RangeFactors>& factors, float scale,
                   int32_t offset) {
  ASSERT_OK(factors.status());
  EXPECT_EQ(factors->scale, scale);
  EXPECT_EQ(factors->offset, offset);
}

TEST(RangeFactorsTest, AsymmetricTakesZeroIntoTheRange) {
  ExpectFactors(AsymmetricFactors(2, -1, 8), 3.0f / 255, -43);
  ExpectFactors(AsymmetricFactors(2, 0.5f, 8), 2.0f / 255, -128);
  ExpectFactors(AsymmetricFactors(-1, -3, 8), 3.0f / 255, 127);
  ExpectFactors(AsymmetricFactors(15, 0, 4), 1, -8);
}

TEST(RangeFactorsTest, TinyRangesGetTheScaleOne) {
  ExpectFactors(AsymmetricFactors(0, 0, 8), 1, -128);
  // The offset is of the scale before.
  ExpectFactors(AsymmetricFactors(1e-9f, -1e-9f, 8), 1, 0);
  ExpectFactors(SymmetricFactors(0, 8), 1, 0);
}

TEST(RangeFactorsTest, SymmetricDividesByTheSideOfTheExtreme) {
  ExpectFactors(SymmetricFactors(127, 8), 1, 0);
  ExpectFactors(SymmetricFactors(-128, 8), 1, 0);
  ExpectFactors(SymmetricFactors(7, 4), 1, 0);
}

TEST(RangeFactorsTest, MinMaxCountsTheLargerMagnitudeAsPositive) {
  ExpectFactors(MinMaxFactors(1, -127, 8, false), 1, 0);
  ExpectFactors(MinMaxFactors(127, 1, 8, false), 1, 0);
  ExpectFactors(MinMaxFactors(2, -1, 8, true), 3.0f / 255, -43);
}

TEST(RangeFactorsTest, RefusesBadRangesAndBits) {
  for (const int num_bits : {1, 17}) {
    EXPECT_THAT(AsymmetricFactors(1, 0, num_bits),
                HasReason("OPTION_OUT_OF_RANGE"));
    EXPECT_THAT(MinMaxFactors(1, 0, num_bits, false),
                HasReason("OPTION_OUT_OF_RANGE"));
  }
  EXPECT_THAT(AsymmetricFactors(NAN, 0, 8), HasReason("ACTIVATION_NOT_FINITE"));
  EXPECT_THAT(MinMaxFactors(1, NAN, 8, false),
              HasReason("ACTIVATION_NOT_FINITE"));
  EXPECT_THAT(SymmetricFactors(HUGE_VALF, 8),
              HasReason("ACTIVATION_NOT_FINITE"));
  EXPECT_THAT(AsymmetricFactors(1e30f, -1e30f, 8),
              HasReason("SCALE_OUT_OF_RANGE"));
  EXPECT_THAT(SymmetricFactors(-1e30f, 8), HasReason("SCALE_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace quantd
