#include <limits>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Transform(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'SpatialTransformer' bottom: 'x' bottom: 'theta' "
                   "top: 'y' st_param { ",
                   fields, " }"));
}

TEST(SpatialTransformerLayerTest, IdentityReadsEachPixel) {
  LayerTester transform = Transform("");
  transform.Input("x", {1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  transform.Input("theta", {1, 6}, {1, 0, 0, 0, 1, 0});
  ASSERT_OK(transform.Forward());
  EXPECT_THAT(transform.Output("y"), Values({1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(SpatialTransformerLayerTest, TheFirstRowGivesTheRow) {
  LayerTester transform = Transform("");
  transform.Input("x", {1, 1, 2, 2}, {1, 2, 3, 4});
  // Rows and columns change places.
  transform.Input("theta", {1, 6}, {0, 1, 0, 1, 0, 0});
  ASSERT_OK(transform.Forward());
  EXPECT_THAT(transform.Output("y"), Values({1, 3, 2, 4}));
}

TEST(SpatialTransformerLayerTest, ShiftedByHalfAPixelAndOutside) {
  LayerTester transform = Transform("output_H: 1 output_W: 4");
  transform.Input("x", {1, 1, 1, 2}, {2, 4});
  // Columns (v + 1) / 2 * 2 + 0.5, v = -1, -0.5, 0, 0.5.
  transform.Input("theta", {1, 6}, {1, 0, 0, 0, 1, 0.5f});
  ASSERT_OK(transform.Forward());
  EXPECT_THAT(transform.Output("y"), Values({3, 4, 2, 0}));
}

TEST(SpatialTransformerLayerTest, FixedTheta) {
  LayerTester transform = Transform(
      "theta_1_1: 1 theta_1_2: 0 theta_2_1: 0 theta_2_2: 1 theta_1_3: 0");
  transform.Input("x", {2, 1, 1, 2}, {2, 4, 6, 8});
  transform.Input("theta", {2, 1}, {0, 1});
  ASSERT_OK(transform.Forward());
  EXPECT_THAT(transform.Output("y"), Values({2, 4, 8, 0}));
}

TEST(SpatialTransformerLayerTest, FarAwayIsZero) {
  LayerTester transform = Transform("");
  transform.Input("x", {1, 1, 1, 1}, {2});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float shift : {1e30f, -1e30f, nan}) {
    transform.Input("theta", {1, 6}, {1, 0, shift, 0, 1, 0});
    ASSERT_OK(transform.Forward());
    EXPECT_THAT(transform.Output("y"), Values({0}));
  }
}

TEST(SpatialTransformerLayerTest, Gradients) {
  GradientCheck check;
  check.step = 1e-3;
  check.tolerance = 1e-2;
  LayerTester transform = Transform("output_H: 3 output_W: 2");
  transform.Input("x", {2, 2, 4, 5}, Noise(80));
  transform.Input("theta", {2, 6},
                  {0.93f, 0.11f, 0.07f, -0.13f, 0.81f, 0.05f, 0.71f, 0.31f,
                   0.17f, 0.37f, 0.61f, -0.19f});
  ExpectGradients(transform, check);
  LayerTester fixed = Transform("theta_1_1: 0.93 theta_2_1: -0.13");
  fixed.Input("x", {1, 2, 3, 3}, Noise(18));
  fixed.Input("theta", {1, 4}, {0.11f, 0.07f, 0.81f, 0.05f});
  ExpectGradients(fixed, check);
}

TEST(SpatialTransformerLayerTest, BadInput) {
  for (const char* fields :
       {"transform_type: 'projective'", "sampler_type: 'nearest'"}) {
    LayerTester transform = Transform(fields);
    transform.Input("x", {1, 1, 2, 2}).Input("theta", {1, 6});
    EXPECT_THAT(transform.Forward(), HasReason("NETWORK_UNSUPPORTED"));
  }
  for (const char* fields :
       {"output_H: -1", "output_W: 0", "output_H: 70000"}) {
    LayerTester transform = Transform(fields);
    transform.Input("x", {1, 1, 2, 2}).Input("theta", {1, 6});
    EXPECT_THAT(transform.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  }
  for (const Shape& theta : {Shape({1, 5}), Shape({2, 6}), Shape({6})}) {
    LayerTester transform = Transform("");
    transform.Input("x", {1, 1, 2, 2}).Input("theta", theta);
    EXPECT_THAT(transform.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
}

}  // namespace
}  // namespace quantd::testing
