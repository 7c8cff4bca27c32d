#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
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
}  // namespace
}  // namespace quantd::testing
