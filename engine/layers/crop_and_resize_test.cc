#include <limits>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// Two images of 2 x 3 pixels of one channel.
LayerTester Crop(const std::string& fields, const std::vector<float>& images,
                 const std::vector<float>& boxes) {
  LayerTester tester(
      absl::StrCat("type: 'CropAndResize' bottom: 'x' bottom: 'image' bottom: "
                   "'boxes' top: 'y' crop_and_resize_param { ",
                   fields, " }"));
  tester.Input("x", {2, 2, 3, 1},
               {0, 1, 2, 10, 11, 12,  //
                100, 101, 102, 110, 111, 112});
  const int64_t count = static_cast<int64_t>(images.size());
  tester.Input("image", {count}, images);
  tester.Input("boxes", {count, 4}, boxes);
  return tester;
}

TEST(CropAndResizeLayerTest, CornersMapToCorners) {
  LayerTester crop = Crop("crop_h: 2 crop_w: 5", {1}, {0, 0, 1, 1});
  ASSERT_OK(crop.Forward());
  EXPECT_EQ(crop.OutputShape("y"), Shape({1, 2, 5, 1}));
  EXPECT_THAT(crop.Output("y"), Values({100, 100.5f, 101, 101.5f, 102, 110,
                                        110.5f, 111, 111.5f, 112}));
}

TEST(CropAndResizeLayerTest, SizeOneReadsTheMiddle) {
  LayerTester crop =
      Crop("crop_h: 1 crop_w: 1", {0, 1}, {0, 0, 1, 1, 1, 0.5f, 1, 1});
  ASSERT_OK(crop.Forward());
  EXPECT_THAT(crop.Output("y"), Values({6, 111.5f}));
}

TEST(CropAndResizeLayerTest, OutsideIsExtrapolated) {
  LayerTester crop =
      Crop("crop_h: 1 crop_w: 3 extrapolation_value: -7", {0}, {0, 1, 0, -1});
  ASSERT_OK(crop.Forward());
  // Columns 2, 0 and -2.
  EXPECT_THAT(crop.Output("y"), Values({2, 0, -7}));
}

TEST(CropAndResizeLayerTest, ChannelsFirst) {
  LayerTester crop =
      Crop("crop_h: 1 crop_w: 2 data_format: 'NCHW'", {0}, {0, 0, 0, 1});
  crop.Input("x", {1, 2, 1, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_OK(crop.Forward());
  EXPECT_EQ(crop.OutputShape("y"), Shape({1, 2, 1, 2}));
  EXPECT_THAT(crop.Output("y"), Values({1, 3, 4, 6}));
}

TEST(CropAndResizeLayerTest, ChannelsLast) {
  LayerTester crop = Crop("crop_h: 1 crop_w: 2", {0}, {0, 0, 0, 1});
  crop.Input("x", {1, 1, 3, 2}, {1, 4, 2, 5, 3, 6});
  ASSERT_OK(crop.Forward());
  EXPECT_THAT(crop.Output("y"), Values({1, 4, 3, 6}));
}

TEST(CropAndResizeLayerTest, BadInput) {
  for (const char* fields : {"crop_w: 1", "crop_h: 1",
                             "crop_h: 1 crop_w: 1 "
                             "data_format: 'X'"}) {
    EXPECT_THAT(Crop(fields, {0}, {0, 0, 1, 1}).Forward(),
                HasReason("LAYER_PARAMETER_INVALID"));
  }
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float image : {2.f, -1.f, nan}) {
    EXPECT_THAT(Crop("crop_h: 1 crop_w: 1", {image}, {0, 0, 1, 1}).Forward(),
                HasReason("LAYER_INPUT_INVALID"));
  }
  for (const auto& [name, shape] : std::vector<std::pair<std::string, Shape>>{
           {"x", {2, 2, 3}}, {"image", {2}}, {"boxes", {1, 5}}}) {
    LayerTester crop = Crop("crop_h: 1 crop_w: 1", {0}, {0, 0, 1, 1});
    crop.Input(name, shape);
    EXPECT_THAT(crop.Forward(), HasReason("LAYER_SHAPE_INVALID")) << name;
  }
}

}  // namespace
}  // namespace quantd::testing
