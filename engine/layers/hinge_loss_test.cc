#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// Terms of item 0 (label 1): 1 + 0.5, 1 - 2 -> 0, 1 - 0.5; of item 1 (label 0):
// 1 - 0.25, 1, 1 - 3 -> 0.
constexpr char kL1[] =
    "type: 'HingeLoss' bottom: 'x' bottom: 'label' top: 'loss'";
constexpr char kL2[] =
    "type: 'HingeLoss' bottom: 'x' bottom: 'label' top: 'loss' "
    "hinge_loss_param { norm: L2 }";

void SetInputs(LayerTester* loss) {
  loss->Input("x", {2, 3}, {0.5, 2, -0.5, 0.25, 0, -3});
  loss->Input("label", {2}, {1, 0});
}

TEST(HingeLossLayerTest, L1) {
  LayerTester loss(kL1);
  SetInputs(&loss);
  ASSERT_OK(loss.Backward());
  EXPECT_THAT(loss.Output("loss"), Values({(1.5f + 0.5f + 0.75f + 1) / 2}));
  EXPECT_THAT(loss.InputDiff("x"), Values({0.5, 0, 0.5, -0.5, 0.5, 0}));
}

TEST(HingeLossLayerTest, L2) {
  LayerTester loss(kL2);
  SetInputs(&loss);
  ASSERT_OK(loss.Backward());
  EXPECT_THAT(loss.Output("loss"), Values({(2.25f + 0.25f + 0.5625f + 1) / 2}));
  EXPECT_THAT(loss.InputDiff("x"), Values({1.5, 0, 0.5, -0.75, 1, 0}));
  GradientCheck check;
  check.inputs = {"x"};
  ExpectGradients(loss, check);
}

TEST(HingeLossLayerTest, RefusesBadLabels) {
  LayerTester loss(kL1);
  loss.Input("x", {1, 2}).Input("label", {1}, {2});
  EXPECT_THAT(loss.Forward(), HasReason("LABEL_OUT_OF_RANGE"));
  LayerTester counts(kL1);
  counts.Input("x", {2, 2}).Input("label", {3});
  EXPECT_THAT(counts.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester scalar(kL1);
  scalar.Input("x", {}).Input("label", {1});
  EXPECT_THAT(scalar.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
