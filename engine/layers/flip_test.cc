#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

std::vector<float> Flipped(const std::string& param) {
  LayerTester flip("type: 'Flip' bottom: 'x' top: 'y' flip_param { " + param +
                   " }");
  flip.Input("x", {1, 1, 2, 2}, {0, 1, 2, 3});
  EXPECT_OK(flip.Forward());
  return flip.Output("y");
}

TEST(FlipLayerTest, TurnsWidthAndHeight) {
  EXPECT_THAT(Flipped(""), ElementsAre(1, 0, 3, 2));
  EXPECT_THAT(Flipped("flip_height: true"), ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(Flipped("flip_width: false flip_height: true"),
              ElementsAre(2, 3, 0, 1));
  EXPECT_THAT(Flipped("flip_width: false"), ElementsAre(0, 1, 2, 3));
}

TEST(FlipLayerTest, Gradient) {
  LayerTester flip(
      "type: 'Flip' bottom: 'x' top: 'y' flip_param { flip_height: true }");
  flip.Input("x", {2, 1, 2, 3}, Noise(12));
  ExpectGradients(flip);
}

TEST(FlipLayerTest, RefusesBottomsWithoutHeight) {
  LayerTester flip("type: 'Flip' bottom: 'x' top: 'y'");
  flip.Input("x", {3});
  EXPECT_THAT(flip.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
