#include "engine/kernels/channel_moments.h"

#include <gtest/gtest.h>

namespace quantd {
namespace {

// Two items of two channels of two pixels; channel 1 has 1, 3, 5, 7.
constexpr ChannelLayout kLayout = {2, 2, 2};
constexpr float kX[] = {100, 100, 1, 3, 100, 100, 5, 7};

TEST(ChannelMomentsTest, MeanAndBiasedVariance) {
  const ChannelMoments moments = kLayout.MomentsOf(kX, 1);
  EXPECT_DOUBLE_EQ(moments.mean, 4);
  EXPECT_DOUBLE_EQ(moments.variance, (9 + 1 + 1 + 9) / 4.0);
}

TEST(ChannelMomentsTest, ConstantHasNoVariance) {
  const ChannelMoments moments = kLayout.MomentsOf(kX, 0);
  EXPECT_DOUBLE_EQ(moments.mean, 100);
  EXPECT_DOUBLE_EQ(moments.variance, 0);
}

TEST(ChannelMomentsTest, SumsAreOfTheCentredValues) {
  constexpr float kDy[] = {9, 9, 1, 2, 9, 9, 3, 4};
  const ChannelSums sums = kLayout.SumsOf(kDy, kX, 4, 1);
  EXPECT_DOUBLE_EQ(sums.dy, 1 + 2 + 3 + 4);
  EXPECT_DOUBLE_EQ(sums.product, 1 * -3 + 2 * -1 + 3 * 1 + 4 * 3);
}

}  // namespace
}  // namespace quantd
