#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

constexpr char kLayer[] =
    "type: 'Parameter' top: 'w' parameter_param { shape { dim: 2 dim: 2 } }";

TEST(ParameterLayerTest, TheTopIsTheBlob) {
  LayerTester layer(kLayer);
  layer.Blob({2, 2}, {1, 2, 3, 4});
  ASSERT_OK(layer.Forward());
  EXPECT_EQ(layer.OutputShape("w"), Shape({2, 2}));
  EXPECT_THAT(layer.Output("w"), Values({1, 2, 3, 4}));
}

TEST(ParameterLayerTest, StartsWithZeros) {
  LayerTester layer(kLayer);
  ASSERT_OK(layer.Forward());
  EXPECT_THAT(layer.Output("w"), Values({0, 0, 0, 0}));
}

TEST(ParameterLayerTest, Gradient) {
  LayerTester layer(kLayer);
  layer.Blob({2, 2}, {1, 2, 3, 4});
  ExpectGradients(layer);
}

TEST(ParameterLayerTest, RefusesImpossibleShapes) {
  LayerTester negative(
      "type: 'Parameter' top: 'w' parameter_param { shape { dim: -1 } }");
  EXPECT_THAT(negative.Forward(), HasReason("SHAPE_INVALID"));
  LayerTester huge(
      "type: 'Parameter' top: 'w' parameter_param { shape { dim: 2000000000 } "
      "}");
  EXPECT_THAT(huge.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  LayerTester bottom("type: 'Parameter' bottom: 'x' top: 'w'");
  bottom.Input("x", {1});
  EXPECT_THAT(bottom.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
