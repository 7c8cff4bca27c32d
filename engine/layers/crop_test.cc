#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

std::string Crop(const std::string& param) {
  return "type: 'Crop' bottom: 'x' bottom: 'like' top: 'y' crop_param { " +
         param + " }";
}

TEST(CropLayerTest, TakesTheSizesOfBottomOne) {
  LayerTester crop(Crop("offset: 1 offset: 2"));
  crop.Input("x", {1, 1, 3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  crop.Input("like", {9, 9, 2, 1});
  ASSERT_OK(crop.Forward());
  EXPECT_EQ(crop.OutputShape("y"), Shape({1, 1, 2, 1}));
  EXPECT_THAT(crop.Output("y"), ElementsAre(6, 10));
}

TEST(CropLayerTest, OneOffsetIsForAllAxes) {
  for (const char* axis : {"axis: 0", "axis: -2"}) {
    LayerTester crop(Crop(absl::StrCat(axis, " offset: 1")));
    crop.Input("x", {3, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8});
    crop.Input("like", {1, 2});
    ASSERT_OK(crop.Forward());
    EXPECT_THAT(crop.Output("y"), ElementsAre(4, 5));
  }
}

TEST(CropLayerTest, WithoutOffsetsBeginsAtZero) {
  LayerTester crop(Crop("axis: 1"));
  crop.Input("x", {1, 3}, {0, 1, 2});
  crop.Input("like", {5, 2});
  ASSERT_OK(crop.Forward());
  EXPECT_THAT(crop.Output("y"), ElementsAre(0, 1));
}

TEST(CropLayerTest, GradientIsOfBottomZeroOnly) {
  LayerTester crop(Crop("axis: 1 offset: 1 offset: 0"));
  crop.Input("x", {2, 3, 3}, Noise(18));
  crop.Input("like", {2, 2, 2});
  ExpectGradients(crop);
  EXPECT_FALSE(crop.layer().IsDifferentiable(1));
}

TEST(CropLayerTest, RefusesWhatDoesNotFit) {
  for (const char* param :
       {"axis: 4", "axis: -5", "axis: 1 offset: 1 offset: 1",
        "offset: 1 offset: 1 offset: 1"}) {
    LayerTester crop(Crop(param));
    crop.Input("x", {1, 2, 3, 3});
    crop.Input("like", {1, 2, 2, 2});
    EXPECT_THAT(crop.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << param;
  }
  for (const char* param : {"offset: 2", "axis: 0", "offset: 4294967295"}) {
    LayerTester crop(Crop(param));
    crop.Input("x", {1, 2, 3, 3});
    crop.Input("like", {2, 2, 2, 2});
    EXPECT_THAT(crop.Forward(), HasReason("LAYER_SHAPE_INVALID")) << param;
  }
  LayerTester fewer_axes(Crop(""));
  fewer_axes.Input("x", {1, 2, 3, 3});
  fewer_axes.Input("like", {1, 2, 2});
  EXPECT_THAT(fewer_axes.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester one_bottom("type: 'Crop' bottom: 'x' top: 'y'");
  one_bottom.Input("x", {1, 2, 3, 3});
  EXPECT_THAT(one_bottom.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
