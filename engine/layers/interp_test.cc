#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Interp(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'Interp' bottom: 'x' top: 'y' interp_param { ", fields, " }"));
}

TEST(InterpLayerTest, CornersStay) {
  LayerTester interp = Interp("height: 3 width: 5");
  interp.Input("x", {1, 2, 2, 3}, {0, 2, 4, 10, 12, 14, 1, 1, 1, 1, 1, 1});
  ASSERT_OK(interp.Forward());
  EXPECT_EQ(interp.OutputShape("y"), Shape({1, 2, 3, 5}));
  EXPECT_THAT(interp.Output("y"),
              Values({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
                      1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1}));
}

TEST(InterpLayerTest, WhichFieldsGiveTheSize) {
  for (const auto& [fields, size] : std::vector<std::pair<std::string, Shape>>{
           {"zoom_factor: 2", {1, 1, 9, 13}},
           {"shrink_factor: 2", {1, 1, 3, 4}},
           {"shrink_factor: 2 zoom_factor: 3", {1, 1, 7, 10}},
           {"zoom_factor: 2 height: 3 width: 4", {1, 1, 9, 13}},
           {"shrink_factor: 3 height: 3 width: 4", {1, 1, 2, 3}},
           {"shrink_factor: 2 zoom_factor: 3 height: 3 width: 4", {1, 1, 3, 4}},
           {"full_zoom_factor: 2", {1, 1, 10, 14}},
           {"zoom_factor: 2 pad_beg: -1 pad_end: -2", {1, 1, 3, 7}}}) {
    LayerTester interp = Interp(fields);
    interp.Input("x", {1, 1, 5, 7});
    ASSERT_OK(interp.Forward()) << fields;
    EXPECT_EQ(interp.OutputShape("y"), size) << fields;
  }
}

TEST(InterpLayerTest, CutsOffFirst) {
  LayerTester interp = Interp("height: 1 width: 3 pad_beg: -1 pad_end: -1");
  interp.Input("x", {1, 1, 3, 4}, {0, 0, 0, 0, 9, 1, 3, 9, 0, 0, 0, 0});
  ASSERT_OK(interp.Forward());
  EXPECT_THAT(interp.Output("y"), Values({1, 2, 3}));
}

TEST(InterpLayerTest, OneReadsTheFirst) {
  LayerTester interp = Interp("height: 1 width: 1");
  interp.Input("x", {1, 1, 2, 2}, {7, 1, 3, 9});
  ASSERT_OK(interp.Forward());
  EXPECT_THAT(interp.Output("y"), Values({7}));
}

TEST(InterpLayerTest, Gradients) {
  for (const char* fields : {"height: 5 width: 2", "shrink_factor: 2",
                             "zoom_factor: 3 pad_beg: -1 pad_end: -1"}) {
    LayerTester interp = Interp(fields);
    interp.Input("x", {2, 2, 3, 4}, Noise(48));
    ExpectGradients(interp);
  }
}

TEST(InterpLayerTest, BadFields) {
  for (const char* fields :
       {"", "height: 3", "height: 0 width: 3", "zoom_factor: 0",
        "shrink_factor: -1", "zoom_factor: 70000", "full_zoom_factor: 0",
        "zoom_factor: 2 pad_beg: 1", "zoom_factor: 2 pad_end: 1"}) {
    LayerTester interp = Interp(fields);
    interp.Input("x", {1, 1, 5, 7});
    EXPECT_THAT(interp.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(InterpLayerTest, BadShapes) {
  for (const Shape& x :
       {Shape({5, 7}), Shape({1, 1, 0, 7}), Shape({1, 1, 5, 3})}) {
    LayerTester interp = Interp("zoom_factor: 2 pad_beg: -3");
    interp.Input("x", x);
    EXPECT_THAT(interp.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
}

}  // namespace
}  // namespace quantd::testing
