#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(TanhLayerTest, WorksInPlace) {
  LayerTester tanh("type: 'TanH' bottom: 'x' top: 'x'");
  tanh.Input("x", {3}, {0, 1, -50});
  ASSERT_OK(tanh.Forward());
  EXPECT_THAT(tanh.Output("x"), Values({0, 0.7615942f, -1}, 1e-6f));
}
}  // namespace
}  // namespace quantd::testing
