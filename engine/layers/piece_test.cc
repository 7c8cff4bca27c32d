#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Piece(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'Piece' bottom: 'x' top: 'y' piece_param { ", fields, " }"));
}

TEST(PieceLayerTest, RangesOfEveryAxis) {
  LayerTester piece = Piece("begin: 1 size: 1 begin: 1 size: -1");
  piece.Input("x", {2, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_OK(piece.Forward());
  EXPECT_EQ(piece.OutputShape("y"), Shape({1, 2}));
  EXPECT_THAT(piece.Output("y"), Values({5, 6}));
}

TEST(PieceLayerTest, RefusesWrongRanges) {
  for (const char* fields :
       {"", "begin: 0 size: 1", "begin: 0 begin: 0 size: 1",
        "begin: -1 begin: 0 size: 1 size: 1",
        "begin: 0 begin: 0 size: 0 size: 1",
        "begin: 0 begin: 0 size: -2 size: 1",
        "begin: 1 begin: 0 size: 2 size: 1",
        "begin: 2147483647 begin: 0 size: 2147483647 size: 1",
        "begin: 2 begin: 0 size: -1 size: 1"}) {
    LayerTester piece = Piece(fields);
    piece.Input("x", {2, 3});
    EXPECT_THAT(piece.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(PieceLayerTest, Gradient) {
  LayerTester piece = Piece("begin: 1 begin: 0 size: 2 size: 2");
  piece.Input("x", {3, 3}, Noise(9));
  ExpectGradients(piece);
}

}  // namespace
}  // namespace quantd::testing
