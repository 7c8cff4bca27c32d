#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(ReluLayerTest, CutsNegatives) {
  LayerTester relu("type: 'ReLU' bottom: 'x' top: 'y'");
  relu.Input("x", {2, 2}, {-1, 2, -3, 4});
  ASSERT_OK(relu.Forward());
  EXPECT_THAT(relu.Output("y"), Values({0, 2, 0, 4}));
  EXPECT_EQ(relu.OutputShape("y"), Shape({2, 2}));
}

TEST(ReluLayerTest, NegativeSlopeInPlace) {
  LayerTester relu(
      "type: 'ReLU' bottom: 'x' top: 'x' relu_param { negative_slope: 0.5 }");
  relu.Input("x", {4}, {-1, 2, -3, 4});
  ASSERT_OK(relu.Forward());
  EXPECT_THAT(relu.Output("x"), Values({-0.5, 2, -1.5, 4}));
}

TEST(ReluLayerTest, LeakyAndRandomOnesAreTheSame) {
  for (const char* type : {"LeakyReLU", "RReLU"}) {
    LayerTester relu(absl::StrCat(
        "type: '", type,
        "' bottom: 'x' top: 'y' relu_param { negative_slope: 0.5 }"));
    relu.Input("x", {2}, {-1, 2});
    ASSERT_OK(relu.Forward());
    EXPECT_THAT(relu.Output("y"), Values({-0.5, 2}));
  }
}

TEST(ReluLayerTest, Gradient) {
  for (const char* top : {"y", "x"}) {
    LayerTester relu(absl::StrCat(
        "type: 'ReLU' bottom: 'x' relu_param { negative_slope: 0.25 } top: '",
        top, "'"));
    relu.Input("x", {2, 9}, Noise(18));
    GradientCheck check;
    check.kink_range = 0.02;
    ExpectGradients(relu, check);
  }
}

TEST(ReluLayerTest, FollowsAChangedShape) {
  LayerTester relu("type: 'ReLU' bottom: 'x' top: 'y'");
  relu.Input("x", {2}, {-1, 2});
  ASSERT_OK(relu.Forward());
  relu.Input("x", {3}, {-1, 2, 3});
  ASSERT_OK(relu.Forward());
  EXPECT_THAT(relu.Output("y"), Values({0, 2, 3}));
}

}  // namespace
}  // namespace quantd::testing
