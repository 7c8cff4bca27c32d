#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(SigmoidLayerTest, IsTheLogisticFunction) {
  LayerTester sigmoid("type: 'Sigmoid' bottom: 'x' top: 'y'");
  sigmoid.Input("x", {4}, {0, 2, -2, 100});
  ASSERT_OK(sigmoid.Forward());
  EXPECT_THAT(sigmoid.Output("y"),
              Values({0.5, 0.8807971f, 0.1192029f, 1}, 1e-6f));
}

TEST(SigmoidLayerTest, Gradient) {
  for (const char* top : {"y", "x"}) {
    LayerTester layer(
        absl::StrCat("type: 'Sigmoid' bottom: 'x' top: '", top, "'"));
    layer.Input("x", {2, 5}, Noise(10));
    ExpectGradients(layer);
  }
}

}  // namespace
}  // namespace quantd::testing
