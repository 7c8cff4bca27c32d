#include "engine/layers/resize_axes.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

// Where each output lies in the input.
std::vector<float> Positions(const std::vector<ResizeTap>& taps) {
  std::vector<float> positions;
  for (const ResizeTap& tap : taps) {
    const float step = static_cast<float>(tap.upper - tap.lower);
    positions.push_back(static_cast<float>(tap.lower) + tap.lerp * step);
  }
  return positions;
}

TEST(LinearTapsTest, Modes) {
  EXPECT_THAT(Positions(LinearTaps(ResizeMode::kCorner, 2, 4)),
              ElementsAre(0, 0.5f, 1, 1));
  EXPECT_THAT(Positions(LinearTaps(ResizeMode::kAlignCorners, 2, 4)),
              ElementsAre(0, FloatEq(1 / 3.f), FloatEq(2 / 3.f), 1));
  EXPECT_THAT(Positions(LinearTaps(ResizeMode::kHalfPixel, 2, 4)),
              ElementsAre(0, 0.25f, 0.75f, 1));
  EXPECT_THAT(Positions(LinearTaps(ResizeMode::kHalfPixel, 5, 1)),
              ElementsAre(2));
  EXPECT_THAT(Positions(LinearTaps(ResizeMode::kPytorchHalfPixel, 5, 1)),
              ElementsAre(0));
  EXPECT_THAT(Positions(LinearTaps(ResizeMode::kAlignCorners, 5, 1)),
              ElementsAre(0));
  EXPECT_THAT(Positions(RepeatTaps(2, 3)), ElementsAre(0, 0, 0, 1, 1, 1));
}

TEST(ResizeTest, OneAxisAfterTheOther) {
  Tensor x(Shape({1, 2, 2}));
  std::copy_n(std::vector<float>{0, 1, 10, 11}.data(), 4, x.data());
  std::vector<ResizeAxis> axes = {
      {1, LinearTaps(ResizeMode::kAlignCorners, 2, 3)}, {2, {{1, 1, 0}}}};
  OrderAxes(x.shape(), &axes);
  EXPECT_EQ(axes[0].axis, 2);  // It shrinks.
  Tensor y(Shape({1, 3, 1}));
  ASSERT_OK(Resize(x, axes, &y));
  EXPECT_THAT(y.values(), ElementsAre(1, 6, 11));
  Tensor dx(x.shape());
  std::fill_n(dx.data(), 4, 99.0f);
  std::copy_n(std::vector<float>{1, 2, 3}.data(), 3, y.data());
  ASSERT_OK(ResizeBackward(y, axes, &dx));
  EXPECT_THAT(dx.values(), ElementsAre(0, 2, 0, 4));
}

}  // namespace
}  // namespace quantd
