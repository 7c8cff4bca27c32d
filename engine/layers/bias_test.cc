#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

TEST(BiasLayerTest, AddsPerChannel) {
  LayerTester bias("type: 'Bias' bottom: 'x' top: 'x'");
  bias.Input("x", {1, 2, 1, 2}, {1, 2, 3, 4}).Blob({2}, {10, -1});
  ASSERT_OK(bias.Forward());
  EXPECT_THAT(bias.Output("x"), Values({11, 12, 2, 3}));
}

TEST(BiasLayerTest, SecondBottomAtAnAxisFromTheEnd) {
  LayerTester bias(
      "type: 'Bias' bottom: 'x' bottom: 'b' top: 'y' bias_param { axis: -1 }");
  bias.Input("x", {2, 2}, {1, 2, 3, 4}).Input("b", {2}, {10, 20});
  ASSERT_OK(bias.Forward());
  EXPECT_THAT(bias.Output("y"), Values({11, 22, 13, 24}));
}

TEST(BiasLayerTest, ScalarBottom) {
  LayerTester bias("type: 'Bias' bottom: 'x' bottom: 'b' top: 'y'");
  bias.Input("x", {2}, {1, 2}).Input("b", {}, {10});
  ASSERT_OK(bias.Forward());
  EXPECT_THAT(bias.Output("y"), Values({11, 12}));
}

TEST(BiasLayerTest, RefusesAxesThatAreNotThere) {
  LayerTester bias(
      "type: 'Bias' bottom: 'x' top: 'y' bias_param { num_axes: 3 }");
  bias.Input("x", {2, 2});
  EXPECT_THAT(bias.Forward(), StatusIs(StatusCode::kInvalidArgument,
                                       "bias_param.num_axes is 3"));
}

TEST(BiasLayerTest, Gradient) {
  for (const char* fields : {"axis: 1", "axis: 0 num_axes: -1",
                             "axis: 2 num_axes: 1", "num_axes: 0"}) {
    for (const char* top : {"y", "x"}) {
      LayerTester bias(absl::StrCat("type: 'Bias' bottom: 'x' top: '", top,
                                    "' bias_param { ", fields, " }"));
      bias.Input("x", {2, 3, 2}, Noise(12));
      ExpectGradients(bias);
    }
  }
}

TEST(BiasLayerTest, GradientOfTwoBottoms) {
  LayerTester bias("type: 'Bias' bottom: 'x' bottom: 'b' top: 'y'");
  bias.Input("x", {2, 3, 2}, Noise(12)).Input("b", {3}, Noise(3));
  ExpectGradients(bias);
}

}  // namespace
}  // namespace quantd::testing
