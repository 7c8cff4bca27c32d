#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Bilinear(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'ResizeBilinear' bottom: 'x' top: 'y' resize_bilinear_param { ",
      fields, " }"));
}

LayerTester Nearest(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'ResizeNearestNeighbor' bottom: 'x' top: 'y' "
                   "resize_nearest_neighbor_param { ",
                   fields, " }"));
}

TEST(ResizeBilinearLayerTest, Modes) {
  for (const auto& [fields, expected] :
       std::vector<std::pair<std::string, std::vector<float>>>{
           {"", {0, 2, 4, 4}},
           {"align_corners: true", {0, 4 / 3.f, 8 / 3.f, 4}},
           {"half_pixel_centers: true", {0, 1, 3, 4}},
           {"pytorch_half_pixel: true", {0, 1, 3, 4}}}) {
    LayerTester resize = Bilinear(absl::StrCat(
        "data_format: 'NCHW' output_height: 1 output_width: 4 ", fields));
    resize.Input("x", {1, 1, 1, 2}, {0, 4});
    ASSERT_OK(resize.Forward());
    EXPECT_THAT(resize.Output("y"), Values(expected)) << fields;
  }
}

TEST(ResizeBilinearLayerTest, ChannelsLastByDefault) {
  LayerTester resize = Bilinear("scale_width: 1.5 output_height: 2");
  resize.Input("x", {1, 1, 2, 2}, {0, 10, 3, 40});
  ASSERT_OK(resize.Forward());
  EXPECT_EQ(resize.OutputShape("y"), Shape({1, 2, 3, 2}));
  EXPECT_THAT(resize.Output("y"),
              Values({0, 10, 2, 30, 3, 40, 0, 10, 2, 30, 3, 40}));
}

TEST(ResizeBilinearLayerTest, Depth) {
  LayerTester resize =
      Bilinear("data_format: 'NCHWD' output_depth: 3 align_corners: true");
  resize.Input("x", {1, 1, 1, 2, 2}, {0, 4, 1, 3});
  ASSERT_OK(resize.Forward());
  EXPECT_EQ(resize.OutputShape("y"), Shape({1, 1, 1, 2, 3}));
  EXPECT_THAT(resize.Output("y"), Values({0, 2, 4, 1, 2, 3}));
}

TEST(ResizeBilinearLayerTest, BadFields) {
  for (const char* fields :
       {"data_format: 'HW'", "output_height: 0", "output_width: -3",
        "scale_height: 0.01", "scale_width: nan", "scale_width: 1e30",
        "align_corners: true half_pixel_centers: true",
        "pytorch_half_pixel: true half_pixel_centers: true"}) {
    LayerTester resize = Bilinear(fields);
    resize.Input("x", {1, 3, 3, 1});
    EXPECT_THAT(resize.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(ResizeBilinearLayerTest, BadShapes) {
  for (const Shape& x : {Shape({3, 3}), Shape({1, 0, 3, 1})}) {
    LayerTester resize = Bilinear("");
    resize.Input("x", x);
    EXPECT_THAT(resize.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
}

TEST(ResizeNearestNeighborLayerTest, Modes) {
  for (const auto& [fields, expected] :
       std::vector<std::pair<std::string, std::vector<float>>>{
           // Positions 0, 0.6, 1.2, 1.8, 2.4.
           {"", {0, 0, 1, 1, 2}},
           // 0, 0.5, 1, 1.5, 2.
           {"align_corners: true", {0, 1, 1, 2, 2}},
           // 0.3, 0.9, 1.5, 2.1, 2.7.
           {"half_pixel_centers: true", {0, 0, 1, 2, 2}},
           // -0.2, 0.4, 1, 1.6, 2.2.
           {"half_pixel_onnx: true", {0, 0, 1, 1, 2}}}) {
    LayerTester resize = Nearest(absl::StrCat(
        "data_format: 'NCHW' output_height: 1 output_width: 5 ", fields));
    resize.Input("x", {1, 1, 1, 3}, {0, 1, 2});
    ASSERT_OK(resize.Forward());
    EXPECT_THAT(resize.Output("y"), Values(expected)) << fields;
  }
}

TEST(ResizeNearestNeighborLayerTest, BadFields) {
  for (const char* fields : {"data_format: 'NCHWD'", "output_height: 0",
                             "align_corners: true half_pixel_onnx: true"}) {
    LayerTester resize = Nearest(fields);
    resize.Input("x", {1, 3, 3, 1});
    EXPECT_THAT(resize.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(ResizeLayersTest, Gradients) {
  for (const char* fields :
       {"output_height: 5 output_width: 2 half_pixel_centers: true",
        "data_format: 'NCHW' scale_height: 0.5 scale_width: 2.5"}) {
    LayerTester bilinear = Bilinear(fields);
    bilinear.Input("x", {2, 3, 4, 2}, Noise(48));
    ExpectGradients(bilinear);
    LayerTester nearest = Nearest(fields);
    nearest.Input("x", {2, 3, 4, 2}, Noise(48));
    ExpectGradients(nearest);
  }
}

}  // namespace
}  // namespace quantd::testing
