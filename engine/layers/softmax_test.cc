#include <cmath>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(SoftmaxLayerTest, OverChannels) {
  LayerTester softmax("type: 'Softmax' bottom: 'x' top: 'y'");
  softmax.Input("x", {1, 2, 2}, {0, 1000, 0, 1000 + std::log(3.0f)});
  ASSERT_OK(softmax.Forward());
  EXPECT_THAT(softmax.Output("y"), Values({0.5, 0.25, 0.5, 0.75}, 1e-4f));
}

TEST(SoftmaxLayerTest, OverAnotherAxisInPlace) {
  LayerTester softmax(
      "type: 'Softmax' bottom: 'x' top: 'x' softmax_param { axis: -1 }");
  softmax.Input("x", {1, 2, 2}, {0, std::log(3.0f), 5, 5});
  ASSERT_OK(softmax.Forward());
  EXPECT_THAT(softmax.Output("x"), Values({0.25, 0.75, 0.5, 0.5}, 1e-6f));
}

TEST(SoftmaxLayerTest, RefusesAnAxisThatIsNotThere) {
  LayerTester softmax("type: 'Softmax' bottom: 'x' top: 'y'");
  softmax.Input("x", {3});
  EXPECT_THAT(softmax.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
}

TEST(SoftmaxLayerTest, Gradient) {
  for (const char* top : {"y", "x"}) {
    LayerTester softmax(absl::StrCat(
        "type: 'Softmax' bottom: 'x' softmax_param { axis: 1 } top: '", top,
        "'"));
    softmax.Input("x", {2, 3, 4}, Noise(24));
    ExpectGradients(softmax);
  }
}

}  // namespace
}  // namespace quantd::testing
