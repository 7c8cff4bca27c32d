#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

std::vector<float> Combined(const std::string& param) {
  LayerTester eltwise(
      "type: 'Eltwise' bottom: 'a' bottom: 'b' bottom: 'c' top: 'y' "
      "eltwise_param { " +
      param + " }");
  eltwise.Input("a", {3}, {1, 5, -1});
  eltwise.Input("b", {3}, {2, 3, -2});
  eltwise.Input("c", {3}, {3, 4, -3});
  EXPECT_OK(eltwise.Forward());
  return eltwise.Output("y");
}

TEST(EltwiseLayerTest, Operations) {
  EXPECT_THAT(Combined(""), Values({6, 12, -6}));
  EXPECT_THAT(Combined("coeff: 1 coeff: -1 coeff: 0.5"),
              Values({0.5, 4, -0.5}));
  EXPECT_THAT(Combined("operation: PROD"), Values({6, 60, -6}));
  EXPECT_THAT(Combined("operation: MAX"), Values({3, 5, -1}));
}

TEST(EltwiseLayerTest, RefusesOtherShapesAndCoefficients) {
  LayerTester shapes("type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'y'");
  shapes.Input("a", {1, 2});
  shapes.Input("b", {2, 1});
  EXPECT_THAT(shapes.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  for (const std::string param :
       {"coeff: 1", "operation: MAX coeff: 1 coeff: 1"}) {
    LayerTester eltwise(
        "type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'y' eltwise_param { " +
        param + " }");
    eltwise.Input("a", {1});
    eltwise.Input("b", {1});
    EXPECT_THAT(eltwise.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  }
  LayerTester one("type: 'Eltwise' bottom: 'a' top: 'y'");
  one.Input("a", {1});
  EXPECT_THAT(one.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

TEST(EltwiseLayerTest, Gradient) {
  for (const char* fields :
       {"operation: SUM", "operation: SUM coeff: 2 coeff: -1 coeff: 0.5",
        "operation: PROD", "operation: PROD stable_prod_grad: false",
        "operation: MAX"}) {
    SCOPED_TRACE(fields);
    LayerTester eltwise(absl::StrCat(
        "type: 'Eltwise' bottom: 'a' bottom: 'b' bottom: 'c' top: 'y' "
        "eltwise_param { ",
        fields, " }"));
    eltwise.Input("a", {2, 4}, Noise(8, 1));
    eltwise.Input("b", {2, 4}, Noise(8, 20000000));
    eltwise.Input("c", {2, 4}, Noise(8, 3000000000u));
    ExpectGradients(eltwise);
  }
}

TEST(EltwiseLayerTest, OneMaximumGetsTheGradient) {
  LayerTester max(
      "type: 'Eltwise' bottom: 'a' bottom: 'b' bottom: 'c' top: 'y' "
      "eltwise_param { operation: MAX }");
  max.Input("a", {4}, {1, 1, 1, 2});
  max.Input("b", {4}, {1, 0, 1, 2});
  max.Input("c", {4}, {1, 1, 2, 0});
  ASSERT_OK(max.Backward());
  EXPECT_THAT(max.InputDiff("a"), Values({0, 1, 0, 0}));
  EXPECT_THAT(max.InputDiff("b"), Values({1, 0, 0, 1}));
  EXPECT_THAT(max.InputDiff("c"), Values({0, 0, 1, 0}));
}

TEST(EltwiseLayerTest, StableProductGradientOfZeros) {
  const std::string layer =
      "type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'y' eltwise_param { "
      "operation: PROD stable_prod_grad: ";
  LayerTester stable(layer + "true }");
  stable.Input("a", {1}, {0}).Input("b", {1}, {3});
  ASSERT_OK(stable.Backward());
  EXPECT_THAT(stable.InputDiff("a"), Values({3}));
  LayerTester unstable(layer + "false }");
  unstable.Input("a", {1}, {0}).Input("b", {1}, {3});
  ASSERT_OK(unstable.Backward());
  EXPECT_THAT(unstable.InputDiff("a"), Values({NAN}));
}

}  // namespace
}  // namespace quantd::testing
