#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

Shape Flattened(const std::string& param, const Shape& bottom) {
  LayerTester flatten("type: 'Flatten' bottom: 'x' top: 'y' flatten_param { " +
                      param + " }");
  flatten.Input("x", bottom);
  EXPECT_OK(flatten.Forward());
  return flatten.OutputShape("y");
}

TEST(FlattenLayerTest, ShapesByAxes) {
  const Shape bottom({2, 3, 4, 5});
  EXPECT_EQ(Flattened("", bottom), Shape({2, 60}));
  EXPECT_EQ(Flattened("axis: 2", bottom), Shape({2, 3, 20}));
  EXPECT_EQ(Flattened("axis: 0", bottom), Shape({120}));
  EXPECT_EQ(Flattened("axis: 0 end_axis: -2", bottom), Shape({24, 5}));
  EXPECT_EQ(Flattened("axis: 1 end_axis: 1", bottom), bottom);
}

TEST(FlattenLayerTest, KeepsValues) {
  LayerTester flatten("type: 'Flatten' bottom: 'x' top: 'y'");
  flatten.Input("x", {1, 2, 2}, {1, 2, 3, 4});
  ASSERT_OK(flatten.Forward());
  EXPECT_THAT(flatten.Output("y"), Values({1, 2, 3, 4}));
}

TEST(FlattenLayerTest, RefusesAxesThatAreNoRange) {
  for (const std::string param :
       {"axis: 2 end_axis: 1", "axis: 4", "axis: -5", "end_axis: 7"}) {
    LayerTester flatten(
        "type: 'Flatten' bottom: 'x' top: 'y' flatten_param { " + param + " }");
    flatten.Input("x", {2, 3, 4, 5});
    EXPECT_THAT(flatten.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  }
}

TEST(FlattenLayerTest, Gradient) {
  LayerTester flatten("type: 'Flatten' bottom: 'x' top: 'y'");
  flatten.Input("x", {2, 3, 2}, Noise(12));
  ExpectGradients(flatten);
}

}  // namespace
}  // namespace quantd::testing
