#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Stack(int axis) {
  return LayerTester(absl::StrCat(
      "type: 'Stack' bottom: 'a' bottom: 'b' top: 'y' stack_param { axis: ",
      axis, " }"));
}

TEST(StackLayerTest, Axes) {
  for (const auto& [axis, shape, expected] :
       std::vector<std::tuple<int, Shape, std::vector<float>>>{
           {0, {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}},
           {1, {2, 2, 2}, {1, 2, 5, 6, 3, 4, 7, 8}},
           {2, {2, 2, 2}, {1, 5, 2, 6, 3, 7, 4, 8}},
           {-1, {2, 2, 2}, {1, 5, 2, 6, 3, 7, 4, 8}},
           {-3, {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}}}) {
    LayerTester stack = Stack(axis);
    stack.Input("a", {2, 2}, {1, 2, 3, 4}).Input("b", {2, 2}, {5, 6, 7, 8});
    ASSERT_OK(stack.Forward());
    EXPECT_EQ(stack.OutputShape("y"), shape);
    EXPECT_THAT(stack.Output("y"), Values(expected)) << axis;
  }
}

TEST(StackLayerTest, OneBottomGetsAnAxis) {
  LayerTester stack("type: 'Stack' bottom: 'a' top: 'y'");
  stack.Input("a", {3}, {1, 2, 3});
  ASSERT_OK(stack.Forward());
  EXPECT_EQ(stack.OutputShape("y"), Shape({1, 3}));
}

TEST(StackLayerTest, RefusesWrongAxesAndShapes) {
  for (const int axis : {3, -4}) {
    LayerTester stack = Stack(axis);
    stack.Input("a", {2, 2}).Input("b", {2, 2});
    EXPECT_THAT(stack.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << axis;
  }
  LayerTester stack = Stack(0);
  stack.Input("a", {2, 2}).Input("b", {4});
  EXPECT_THAT(stack.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

TEST(StackLayerTest, Gradient) {
  LayerTester stack = Stack(1);
  stack.Input("a", {2, 3}, Noise(6)).Input("b", {2, 3}, Noise(6, 2));
  ExpectGradients(stack);
}

}  // namespace
}  // namespace quantd::testing
