#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(CReluLayerTest, BothSignsAlongTheChannels) {
  LayerTester crelu("type: 'CReLU' bottom: 'x' top: 'y'");
  crelu.Input("x", {2, 2, 1}, {1, -2, -3, 4});
  ASSERT_OK(crelu.Forward());
  EXPECT_EQ(crelu.OutputShape("y"), Shape({2, 4, 1}));
  EXPECT_THAT(crelu.Output("y"), Values({1, 0, 0, 2, 0, 4, 3, 0}));
}

TEST(CReluLayerTest, SlopeAndAxis) {
  LayerTester crelu(
      "type: 'CReLU' bottom: 'x' top: 'y' "
      "crelu_param { negative_slope: 0.5 concat_axis: -1 }");
  crelu.Input("x", {1, 2, 2}, {1, -2, -3, 4});
  ASSERT_OK(crelu.Forward());
  EXPECT_EQ(crelu.OutputShape("y"), Shape({1, 2, 4}));
  EXPECT_THAT(crelu.Output("y"), Values({1, -1, -0.5f, 2, -1.5f, 4, 3, -2}));
}

TEST(CReluLayerTest, Gradient) {
  LayerTester crelu(
      "type: 'CReLU' bottom: 'x' top: 'y' crelu_param { negative_slope: 0.5 }");
  crelu.Input("x", {2, 3, 2}, Noise(12));
  GradientCheck check;
  check.kink_range = 0.02;
  ExpectGradients(crelu, check);
}

TEST(CReluLayerTest, AxisMustBeOfTheBottom) {
  LayerTester crelu("type: 'CReLU' bottom: 'x' top: 'y'");
  crelu.Input("x", {4});
  EXPECT_THAT(crelu.Forward(),
              StatusIs(absl::StatusCode::kInvalidArgument, "axis"));
}

}  // namespace
}  // namespace quantd::testing
