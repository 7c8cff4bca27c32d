#include <limits>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Pool(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'ROIPooling' bottom: 'x' bottom: 'rois' top: 'y' "
                   "roi_pooling_param { ",
                   fields, " }"));
}

std::vector<float> Counting(int count) {
  std::vector<float> values(count);
  for (int i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

TEST(RoiPoolingLayerTest, BinsOfARegion) {
  LayerTester pool = Pool("pooled_h: 2 pooled_w: 2 spatial_scale: 1");
  pool.Input("x", {1, 1, 4, 5}, Counting(20));
  // 3 x 3 pixels from (1, 1): bins [0, 2) and [1, 3) overlap.
  pool.Input("rois", {1, 5}, {0, 1, 1, 3, 3});
  ASSERT_OK(pool.Forward());
  EXPECT_EQ(pool.OutputShape("y"), Shape({1, 1, 2, 2}));
  EXPECT_THAT(pool.Output("y"), Values({12, 13, 17, 18}));
}

TEST(RoiPoolingLayerTest, CornersAreRoundedAfterScaling) {
  LayerTester pool = Pool("pooled_h: 1 pooled_w: 1");  // 1 / 16.
  pool.Input("x", {2, 1, 3, 3}, Counting(18));
  // 7.9 / 16 rounds to 0, 8 / 16 to 1; then the second image.
  pool.Input("rois", {3, 5},
             {0, 0, 0, 7.9f, 7.9f,  //
              0, 0, 0, 8, 7.9f,     //
              1, 0, 0, 16, 16});
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({0, 1, 13}));
}

TEST(RoiPoolingLayerTest, ScalesPerAxis) {
  LayerTester pool = Pool(
      "pooled_h: 1 pooled_w: 1 spatial_scale: 1 spatial_scale_h: 0.5 "
      "spatial_scale_w: 0.25");
  pool.Input("x", {1, 1, 3, 3}, Counting(9));
  pool.Input("rois", {1, 5}, {0, 0, 0, 4, 4});
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({7}));
}

TEST(RoiPoolingLayerTest, OutsideIsZeroAndMalformedIsOnePixel) {
  LayerTester pool = Pool("pooled_h: 1 pooled_w: 2 spatial_scale: 1");
  pool.Input("x", {1, 1, 2, 2}, {-1, -2, -3, -4});
  pool.Input("rois", {3, 5},
             {0, 5, 5, 9, 9,  //
              0, 1, 1, 0, 0,  //
              0, 0, 0, 3, 0});
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({0, 0, -4, -4, -1, 0}));
  ASSERT_OK(pool.Backward());
  // The region that ends before it begins gives none.
  EXPECT_THAT(pool.InputDiff("x"), Values({1, 0, 0, 0}));
}

TEST(RoiPoolingLayerTest, ColumnsOfSs928) {
  LayerTester pool = Pool("pooled_h: 1 pooled_w: 1 spatial_scale: 1");
  pool.Input("x", {1, 1, 2, 3}, Counting(6));
  pool.Input("rois", {1, 1, 6, 2}, {0, 1, 0, 0, 1, 2, 1, 0, 9, 9, 9, 9});
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({4, 2}));
}

TEST(RoiPoolingLayerTest, RowsOfFourAxes) {
  LayerTester pool = Pool("pooled_h: 1 pooled_w: 1 spatial_scale: 1");
  pool.Input("x", {1, 1, 2, 3}, Counting(6));
  pool.Input("rois", {1, 1, 2, 5}, {0, 0, 0, 1, 1, 0, 1, 0, 2, 0});
  ASSERT_OK(pool.Forward());
  EXPECT_EQ(pool.OutputShape("y"), Shape({2, 1, 1, 1}));
  EXPECT_THAT(pool.Output("y"), Values({4, 2}));
}

TEST(RoiPoolingLayerTest, NoRegions) {
  LayerTester pool = Pool("pooled_h: 1 pooled_w: 1");
  pool.Input("x", {1, 2, 2, 3}).Input("rois", {0, 5});
  ASSERT_OK(pool.Forward());
  EXPECT_EQ(pool.OutputShape("y"), Shape({0, 2, 1, 1}));
}

TEST(RoiPoolingLayerTest, Gradients) {
  LayerTester pool = Pool("pooled_h: 2 pooled_w: 3 spatial_scale: 0.5");
  // No two alike.
  std::vector<float> x(80);
  for (int i = 0; i < 80; ++i) x[i] = static_cast<float>(i * 37 % 80) / 16;
  pool.Input("x", {2, 2, 4, 5}, x);
  pool.Input("rois", {3, 5}, {0, 0, 0, 8, 6, 1, 2, 2, 9, 9, 1, 0, 4, 4, 8});
  ExpectGradients(pool);
}

TEST(RoiPoolingLayerTest, BadFields) {
  for (const char* fields :
       {"pooled_w: 1", "pooled_h: 1", "pooled_h: -1 pooled_w: 1",
        "pooled_h: 1 pooled_w: 65536",
        "pooled_h: 1 pooled_w: 1 "
        "spatial_scale: 0",
        "pooled_h: 1 pooled_w: 1 spatial_scale_w: nan",
        "pooled_h: 1 pooled_w: 1 spatial_scale_h: 2000"}) {
    LayerTester pool = Pool(fields);
    pool.Input("x", {1, 1, 2, 2}).Input("rois", {1, 5});
    EXPECT_THAT(pool.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << fields;
  }
}

TEST(RoiPoolingLayerTest, BadShapes) {
  for (const Shape& rois : {Shape({1, 4}), Shape({5}), Shape({2, 2, 2, 2})}) {
    LayerTester pool = Pool("pooled_h: 1 pooled_w: 1");
    pool.Input("x", {1, 1, 2, 2}).Input("rois", rois);
    EXPECT_THAT(pool.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
  LayerTester pool = Pool("pooled_h: 1 pooled_w: 1");
  pool.Input("x", {1, 2, 2}).Input("rois", {1, 5});
  EXPECT_THAT(pool.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

TEST(RoiPoolingLayerTest, BadRegions) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::vector<float>& roi :
       std::vector<std::vector<float>>{{1, 0, 0, 1, 1},
                                       {-1, 0, 0, 1, 1},
                                       {nan, 0, 0, 1, 1},
                                       {0, nan, 0, 1, 1},
                                       {0, 0, 0, 1e30f, 1}}) {
    LayerTester pool = Pool("pooled_h: 1 pooled_w: 1");
    pool.Input("x", {1, 1, 2, 2}).Input("rois", {1, 5}, roi);
    EXPECT_THAT(pool.Forward(), HasReason("LAYER_INPUT_INVALID"));
  }
}

}  // namespace
}  // namespace quantd::testing
