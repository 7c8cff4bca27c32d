#include <limits>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Warp(const std::vector<float>& motion,
                 const std::string& roi = "") {
  LayerTester tester(absl::StrCat("type: 'Warp' bottom: 'x' ", roi,
                                  " bottom: 'motion' top: 'y'"));
  tester.Input("x", {1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  tester.Input("motion", {2, 2, 2}, motion);
  return tester;
}

TEST(WarpLayerTest, PixelsMoveAgainstTheMotion) {
  // (1, 0) goes left, (0, 1) goes up afterwards, (1, 1) out of the image.
  LayerTester warp = Warp({0, 1, 0, -1, 0, 0, 1, 0});
  ASSERT_OK(warp.Forward());
  EXPECT_THAT(warp.Output("y"), Values({3, 2, 3, 4, 7, 6, 7, 8}));
}

TEST(WarpLayerTest, OnlyAPartMoves) {
  LayerTester warp = Warp({1, 1, 1, 1, 0, 0, 0, 0}, "bottom: 'roi'");
  warp.Input("roi", {1, 4}, {1, 0, 1, 0});
  ASSERT_OK(warp.Forward());
  EXPECT_THAT(warp.Output("y"), Values({1, 2, 4, 4, 5, 6, 8, 8}));
}

TEST(WarpLayerTest, BadInput) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float step : {5.f, 0.5f, nan}) {
    EXPECT_THAT(Warp({step, 0, 0, 0, 0, 0, 0, 0}).Forward(),
                HasReason("LAYER_INPUT_INVALID"));
  }
  for (const float offset : {3.f, -1.f, nan}) {
    LayerTester warp = Warp({0, 0, 0, 0, 0, 0, 0, 0}, "bottom: 'roi'");
    warp.Input("roi", {4}, {0, 0, offset, 0});
    EXPECT_THAT(warp.Forward(), HasReason("LAYER_INPUT_INVALID"));
  }
  for (const auto& [name, shape] : std::vector<std::pair<std::string, Shape>>{
           {"x", {2, 2, 2}}, {"motion", {2, 2, 3}}, {"motion", {1, 2, 2}}}) {
    LayerTester warp = Warp({0, 0, 0, 0, 0, 0, 0, 0});
    warp.Input(name, shape);
    EXPECT_THAT(warp.Forward(), HasReason("LAYER_SHAPE_INVALID")) << name;
  }
}

}  // namespace
}  // namespace quantd::testing
