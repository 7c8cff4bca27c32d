#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester TileNd(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'TileND' bottom: 'x' top: 'y' tile_nd_param { ", fields, " }"));
}

TEST(TileNdLayerTest, RepeatsEveryAxis) {
  LayerTester tile = TileNd("multiples: 2 multiples: 3");
  tile.Input("x", {2, 2}, {1, 2, 3, 4});
  ASSERT_OK(tile.Forward());
  EXPECT_EQ(tile.OutputShape("y"), Shape({4, 6}));
  EXPECT_THAT(tile.Output("y"), Values({1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4,  //
                                        1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4}));
}

TEST(TileNdLayerTest, RefusesWrongMultiples) {
  for (const char* fields : {"", "multiples: 2", "multiples: 2 multiples: 0",
                             "multiples: 1 multiples: 1 multiples: 1"}) {
    LayerTester tile = TileNd(fields);
    tile.Input("x", {2, 2});
    EXPECT_THAT(tile.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << fields;
  }
  LayerTester huge = TileNd("multiples: 4294967295 multiples: 4294967295");
  huge.Input("x", {2, 2});
  EXPECT_THAT(huge.Forward(), HasReason("SHAPE_INVALID"));
}

TEST(TileNdLayerTest, Gradient) {
  LayerTester tile = TileNd("multiples: 2 multiples: 1 multiples: 3");
  tile.Input("x", {2, 3, 2}, Noise(12));
  ExpectGradients(tile);
}

}  // namespace
}  // namespace quantd::testing
