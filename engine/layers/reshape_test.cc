#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

absl::StatusOr<Shape> Reshaped(const std::string& param, const Shape& bottom) {
  LayerTester reshape("type: 'Reshape' bottom: 'x' top: 'y' reshape_param { " +
                      param + " }");
  reshape.Input("x", bottom);
  RETURN_IF_ERROR(reshape.Forward());
  return reshape.OutputShape("y");
}

MATCHER_P(IsShape, shape, "") { return arg.ok() && *arg == shape; }

TEST(ReshapeLayerTest, CopiesAndInfersDimensions) {
  const Shape bottom({2, 3, 4});
  EXPECT_THAT(Reshaped("shape { dim: 0 dim: -1 }", bottom),
              IsShape(Shape({2, 12})));
  EXPECT_THAT(Reshaped("shape { dim: 6 dim: 4 }", bottom),
              IsShape(Shape({6, 4})));
  EXPECT_THAT(Reshaped("shape { dim: -1 } axis: 1 num_axes: 1", bottom),
              IsShape(bottom));
}

TEST(ReshapeLayerTest, InsertsAndAppendsAxes) {
  const Shape bottom({2, 3});
  EXPECT_THAT(Reshaped("shape { dim: 1 } axis: 1 num_axes: 0", bottom),
              IsShape(Shape({2, 1, 3})));
  EXPECT_THAT(Reshaped("shape { dim: 1 dim: 1 } axis: -1", bottom),
              IsShape(Shape({2, 3, 1, 1})));
  EXPECT_THAT(Reshaped("shape { }", Shape({1, 1})), IsShape(Shape()));
}

TEST(ReshapeLayerTest, RefusesWhatDoesNotFit) {
  const Shape bottom({2, 3});
  for (const std::string param :
       {"shape { dim: 4 }", "shape { dim: -1 dim: 4 }",
        "shape { dim: -1 dim: -1 }", "shape { dim: -2 }",
        "shape { dim: 0 dim: 0 dim: 0 }", "shape { dim: 1 } axis: 3",
        "shape { dim: 1 } axis: -4", "shape { dim: 6 } num_axes: 3",
        "shape { dim: 6 } num_axes: -2"}) {
    EXPECT_THAT(Reshaped(param, bottom), HasReason("LAYER_PARAMETER_INVALID"))
        << param;
  }
  EXPECT_FALSE(Reshaped("shape { dim: 3000000000 dim: -1 }", bottom).ok());
}

TEST(ReshapeLayerTest, Gradient) {
  LayerTester reshape(
      "type: 'Reshape' bottom: 'x' top: 'y' reshape_param { shape { dim: -1 "
      "dim: 2 } }");
  reshape.Input("x", {2, 3, 2}, Noise(12));
  ExpectGradients(reshape);
}

}  // namespace
}  // namespace quantd::testing
