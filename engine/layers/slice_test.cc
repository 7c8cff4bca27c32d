#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

std::string Slice(const std::string& param, int num_tops) {
  std::string text = "type: 'Slice' bottom: 'x' slice_param { " + param + " }";
  for (int i = 0; i < num_tops; ++i) text += absl::StrCat(" top: 'y", i, "'");
  return text;
}

TEST(SliceLayerTest, CutsChannelsIntoEqualParts) {
  LayerTester slice(Slice("", 2));
  slice.Input("x", {2, 4, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  ASSERT_OK(slice.Forward());
  EXPECT_EQ(slice.OutputShape("y0"), Shape({2, 2, 1}));
  EXPECT_THAT(slice.Output("y0"), ElementsAre(0, 1, 4, 5));
  EXPECT_THAT(slice.Output("y1"), ElementsAre(2, 3, 6, 7));
}

TEST(SliceLayerTest, CutsAtPoints) {
  for (const char* axis : {"axis: 1", "axis: -2", "slice_dim: 1"}) {
    LayerTester slice(
        Slice(absl::StrCat(axis, " slice_point: 1 slice_point: 3"), 3));
    slice.Input("x", {1, 4, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
    ASSERT_OK(slice.Forward());
    EXPECT_THAT(slice.Output("y0"), ElementsAre(0, 1));
    EXPECT_THAT(slice.Output("y1"), ElementsAre(2, 3, 4, 5));
    EXPECT_THAT(slice.Output("y2"), ElementsAre(6, 7));
    EXPECT_EQ(slice.OutputShape("y2"), Shape({1, 1, 2}));
  }
}

TEST(SliceLayerTest, OneTopIsACopy) {
  LayerTester slice(Slice("", 1));
  slice.Input("x", {1, 3}, {1, 2, 3});
  ASSERT_OK(slice.Forward());
  EXPECT_THAT(slice.Output("y0"), ElementsAre(1, 2, 3));
}

TEST(SliceLayerTest, Gradient) {
  LayerTester slice(Slice("axis: 2 slice_point: 2", 2));
  slice.Input("x", {2, 3, 5}, Noise(30));
  ExpectGradients(slice);
}

TEST(SliceLayerTest, RefusesWrongPointsAndAxes) {
  for (const char* param :
       {"axis: 3 slice_point: 1", "axis: -4 slice_point: 1", "slice_point: 0",
        "slice_point: 4", "slice_point: 4294967295", "slice_dim: 4294967295",
        "axis: 1 slice_dim: 1", "slice_point: 1 slice_point: 2"}) {
    LayerTester slice(Slice(param, 2));
    slice.Input("x", {2, 4, 3});
    EXPECT_THAT(slice.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << param;
  }
  LayerTester decreasing(Slice("slice_point: 2 slice_point: 2", 3));
  decreasing.Input("x", {2, 4});
  EXPECT_THAT(decreasing.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
}

TEST(SliceLayerTest, RefusesPartsThatAreNotEqual) {
  LayerTester slice(Slice("", 3));
  slice.Input("x", {2, 4});
  EXPECT_THAT(slice.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
