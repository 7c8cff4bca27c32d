#include "engine/simulator/weight_scale.h"

#include <cmath>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

TEST(WeightScaleTest, WhatIsFoundFits) {
  for (int i = 0; i < 1000; ++i) {
    const float scale = 0.01f + 0.000137f * static_cast<float>(i);
    const float scale_d = 0.37f;
    const std::vector<float> rows = {127 * scale, -3 * scale};
    const std::vector<float> bias = {0x1p20f * (scale * scale_d)};
    const auto found = FindScale(rows, bias, scale_d);
    if (!found) continue;
    EXPECT_TRUE(FitsScale(rows, bias, *found, scale_d)) << scale;
  }
}

TEST(WeightScaleTest, LargestSumIsOfEitherSign) {
  EXPECT_EQ(LargestSum(std::vector<float>{3, -5}, {1, 0, 8}),
            3 * 127 + 5 * 128);
  EXPECT_EQ(LargestSum(std::vector<float>{5, -3}, {1, 0, 8}),
            5 * 128 + 3 * 127);
  EXPECT_EQ(LargestSum(std::vector<float>{5, -3}, {1, -128, 8}), 5 * 255);
}

}  // namespace
}  // namespace quantd::testing
