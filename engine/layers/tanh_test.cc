#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(TanhLayerTest, WorksInPlace) {
  LayerTester tanh("type: 'TanH' bottom: 'x' top: 'x'");
  tanh.Input("x", {3}, {0, 1, -50});
  ASSERT_OK(tanh.Forward());
  EXPECT_THAT(tanh.Output("x"), Values({0, 0.7615942f, -1}, 1e-6f));
}

TEST(TanhLayerTest, Gradient) {
  for (const char* top : {"y", "x"}) {
    LayerTester layer(
        absl::StrCat("type: 'TanH' bottom: 'x' top: '", top, "'"));
    layer.Input("x", {2, 5}, Noise(10));
    ExpectGradients(layer);
  }
}

}  // namespace
}  // namespace quantd::testing
