#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

std::string Tile(const std::string& param) {
  return "type: 'Tile' bottom: 'x' top: 'y' tile_param { " + param + " }";
}

TEST(TileLayerTest, RepeatsAnAxis) {
  LayerTester tile(Tile("tiles: 2"));
  tile.Input("x", {2, 1, 2}, {0, 1, 2, 3});
  ASSERT_OK(tile.Forward());
  EXPECT_EQ(tile.OutputShape("y"), Shape({2, 2, 2}));
  EXPECT_THAT(tile.Output("y"), ElementsAre(0, 1, 0, 1, 2, 3, 2, 3));
}

TEST(TileLayerTest, NegativeAxis) {
  LayerTester tile(Tile("axis: -1 tiles: 2"));
  tile.Input("x", {2, 2}, {0, 1, 2, 3});
  ASSERT_OK(tile.Forward());
  EXPECT_THAT(tile.Output("y"), ElementsAre(0, 1, 0, 1, 2, 3, 2, 3));
}

TEST(TileLayerTest, Gradient) {
  LayerTester tile(Tile("axis: 1 tiles: 3"));
  tile.Input("x", {2, 3, 2}, Noise(12));
  ExpectGradients(tile);
}

TEST(TileLayerTest, RefusesWrongParameters) {
  for (const char* param :
       {"", "tiles: 0", "tiles: -1", "axis: 2 tiles: 1", "axis: -3 tiles: 1"}) {
    LayerTester tile(Tile(param));
    tile.Input("x", {2, 4});
    EXPECT_THAT(tile.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << param;
  }
  LayerTester huge(Tile("tiles: 2147483647"));
  huge.Input("x", {2, 4});
  EXPECT_THAT(huge.Forward(), HasReason("SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
