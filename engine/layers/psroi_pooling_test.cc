#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester PsRoi(const std::string& type, const std::string& fields) {
  return LayerTester(absl::StrCat("type: '", type,
                                  "' bottom: 'x' bottom: 'rois' top: 'y' "
                                  "psroi_pooling_param { ",
                                  fields, " }"));
}

// Plane c is c * 100 + h * 10 + w.
std::vector<float> Planes(int channels, int height, int width) {
  std::vector<float> values;
  for (int c = 0; c < channels; ++c) {
    for (int h = 0; h < height; ++h) {
      for (int w = 0; w < width; ++w) {
        values.push_back(static_cast<float>(c * 100 + h * 10 + w));
      }
    }
  }
  return values;
}

TEST(PsRoiPoolingLayerTest, EachBinAveragesItsOwnChannel) {
  LayerTester pool =
      PsRoi("PSROIPooling", "spatial_scale: 1 output_dim: 2 group_size: 2");
  pool.Input("x", {1, 8, 4, 4}, Planes(8, 4, 4));
  // Pixels 0 to 3 both ways: bins of 2 x 2.
  pool.Input("rois", {1, 5}, {0, 0, 0, 3, 3});
  ASSERT_OK(pool.Forward());
  EXPECT_EQ(pool.OutputShape("y"), Shape({1, 2, 2, 2}));
  EXPECT_THAT(pool.Output("y"), Values({5.5f, 107.5f, 225.5f, 327.5f,  //
                                        405.5f, 507.5f, 625.5f, 727.5f},
                                       1e-3f));
}

TEST(PsRoiPoolingLayerTest, RoundsBeforeScaling) {
  LayerTester pool =
      PsRoi("PSROIPooling", "spatial_scale: 0.5 output_dim: 1 group_size: 1");
  pool.Input("x", {2, 1, 4, 4}, Planes(2, 4, 4));
  // x: round(1.5) = 2 to round(2.4) + 1 = 3, scaled [1, 1.5): column 1.
  // y: 0 to 1, scaled [0, 0.5): row 0.
  pool.Input("rois", {1, 5}, {1, 1.5f, 0, 2.4f, 0.4f});
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({101}));
}

TEST(PsRoiPoolingLayerTest, OutsideIsZero) {
  LayerTester pool =
      PsRoi("PSROIPooling", "spatial_scale: 1 output_dim: 1 group_size: 1");
  pool.Input("x", {1, 1, 2, 2}, {1, 2, 3, 4});
  pool.Input("rois", {2, 5}, {0, 7, 7, 9, 9, 0, 1, 0, 9, 9});
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({0, 3}));
}

TEST(PsRoiAlignLayerTest, FourSamplesABin) {
  LayerTester align =
      PsRoi("PSROIAlign", "spatial_scale: 0.5 output_dim: 1 group_size: 2");
  align.Input("x", {1, 4, 5, 5}, Planes(4, 5, 5));
  // [0, 4] both ways: bins of 2 with samples at 0.5 and 1.5.
  align.Input("rois", {1, 5}, {0, 0, 0, 8, 8});
  ASSERT_OK(align.Forward());
  EXPECT_THAT(align.Output("y"), Values({11, 113, 231, 333}, 1e-3f));
}

TEST(PsRoiAlignLayerTest, SamplesOutsideCountAsZero) {
  LayerTester align =
      PsRoi("PSROIAlign", "spatial_scale: 1 output_dim: 1 group_size: 1");
  align.Input("x", {1, 1, 3, 3}, std::vector<float>(9, 4));
  // Columns -0.5 and 0.5, rows 0.5 and 1.5; then the last column exactly.
  align.Input("rois", {3, 5},
              {0, -1, 0, 1, 2,  //
               0, 1, 0, 3, 2,   //
               0, 2, 2, 1, 1});
  ASSERT_OK(align.Forward());
  EXPECT_THAT(align.Output("y"), Values({2, 2, 0}));
}

TEST(PsRoiLayersTest, Gradients) {
  for (const char* type : {"PSROIPooling", "PSROIAlign"}) {
    LayerTester pool =
        PsRoi(type, "spatial_scale: 0.5 output_dim: 2 group_size: 2");
    pool.Input("x", {2, 8, 4, 5}, Noise(320));
    pool.Input("rois", {3, 5}, {0, 0, 0, 8, 6, 1, 2, 2, 9, 9, 1, -4, 4, 4, 8});
    ExpectGradients(pool);
  }
}

TEST(PsRoiLayersTest, BadFields) {
  for (const char* fields :
       {"output_dim: 1 group_size: 1", "spatial_scale: 1 group_size: 1",
        "spatial_scale: 1 output_dim: 1",
        "spatial_scale: -1 output_dim: 1 group_size: 1",
        "spatial_scale: 1 output_dim: -1 group_size: 1",
        "spatial_scale: 1 output_dim: 1 group_size: 2000000000"}) {
    LayerTester pool = PsRoi("PSROIPooling", fields);
    pool.Input("x", {1, 1, 2, 2}).Input("rois", {1, 5});
    EXPECT_THAT(pool.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << fields;
  }
}

TEST(PsRoiLayersTest, BadShapes) {
  for (const Shape& x : {Shape({1, 3, 2, 2}), Shape({4, 2, 2})}) {
    LayerTester pool =
        PsRoi("PSROIAlign", "spatial_scale: 1 output_dim: 1 group_size: 2");
    pool.Input("x", x).Input("rois", {1, 5});
    EXPECT_THAT(pool.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
}

}  // namespace
}  // namespace quantd::testing
