#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(EuclideanLossLayerTest, IsHalfTheMeanSquaredDistance) {
  LayerTester loss("type: 'EuclideanLoss' bottom: 'a' bottom: 'b' top: 'loss'");
  loss.Input("a", {2, 2}, {1, 2, 3, 4});
  loss.Input("b", {2, 1, 2}, {0, 4, 3, 1});
  ASSERT_OK(loss.Forward());
  EXPECT_THAT(loss.Output("loss"), Values({(1 + 4 + 9) / 4.0f}));
}

TEST(EuclideanLossLayerTest, GradientOfBothBottoms) {
  LayerTester loss(
      "type: 'EuclideanLoss' bottom: 'a' bottom: 'b' top: 'loss' "
      "loss_weight: 3");
  loss.Input("a", {2, 2}, {1, 2, 3, 4});
  loss.Input("b", {2, 2}, {0, 4, 3, 1});
  ASSERT_OK(loss.Backward());
  EXPECT_THAT(loss.InputDiff("a"), Values({1.5, -3, 0, 4.5}));
  EXPECT_THAT(loss.InputDiff("b"), Values({-1.5, 3, 0, -4.5}));
  ExpectGradients(loss);
}

TEST(EuclideanLossLayerTest, RefusesShapesThatDiffer) {
  for (const Shape& shape : {Shape({2, 3}), Shape({3, 2}), Shape()}) {
    LayerTester loss(
        "type: 'EuclideanLoss' bottom: 'a' bottom: 'b' top: 'loss'");
    loss.Input("a", {2, 2}).Input("b", shape);
    EXPECT_THAT(loss.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
}

TEST(EuclideanLossLayerTest, NoItemsAreNoLoss) {
  LayerTester loss("type: 'EuclideanLoss' bottom: 'a' bottom: 'b' top: 'loss'");
  loss.Input("a", {0, 2}).Input("b", {0, 2});
  ASSERT_OK(loss.Forward());
  EXPECT_THAT(loss.Output("loss"), Values({0}));
}

}  // namespace
}  // namespace quantd::testing
