#include <cmath>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester BatchReindex() {
  return LayerTester("type: 'BatchReindex' bottom: 'x' bottom: 'i' top: 'y'");
}

TEST(BatchReindexLayerTest, PicksAndRepeatsItems) {
  LayerTester reindex = BatchReindex();
  reindex.Input("x", {3, 1, 2}, {1, 2, 3, 4, 5, 6});
  reindex.Input("i", {4}, {2, 0, 0, 2});
  ASSERT_OK(reindex.Forward());
  EXPECT_EQ(reindex.OutputShape("y"), Shape({4, 1, 2}));
  EXPECT_THAT(reindex.Output("y"), Values({5, 6, 1, 2, 1, 2, 5, 6}));
}

TEST(BatchReindexLayerTest, PicksNothing) {
  LayerTester reindex = BatchReindex();
  reindex.Input("x", {3, 2}).Input("i", {0});
  ASSERT_OK(reindex.Forward());
  EXPECT_EQ(reindex.OutputShape("y"), Shape({0, 2}));
}

TEST(BatchReindexLayerTest, RefusesIndicesWithoutAnItem) {
  for (const float index : {-1.f, 3.f, 1e20f, NAN}) {
    LayerTester reindex = BatchReindex();
    reindex.Input("x", {3, 2}).Input("i", {1}, {index});
    EXPECT_THAT(reindex.Forward(), HasReason("LAYER_INPUT_INVALID")) << index;
  }
}

TEST(BatchReindexLayerTest, RefusesWrongShapes) {
  LayerTester scalar = BatchReindex();
  scalar.Input("x", Shape()).Input("i", {1});
  EXPECT_THAT(scalar.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester matrix = BatchReindex();
  matrix.Input("x", {3, 2}).Input("i", {2, 1});
  EXPECT_THAT(matrix.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester one("type: 'BatchReindex' bottom: 'x' top: 'y'");
  one.Input("x", {3, 2});
  EXPECT_THAT(one.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

TEST(BatchReindexLayerTest, Gradient) {
  LayerTester reindex = BatchReindex();
  reindex.Input("x", {3, 2}, Noise(6)).Input("i", {4}, {2, 0, 0, 2});
  ExpectGradients(reindex);
  EXPECT_FALSE(reindex.layer().IsDifferentiable(1));
}

}  // namespace
}  // namespace quantd::testing
