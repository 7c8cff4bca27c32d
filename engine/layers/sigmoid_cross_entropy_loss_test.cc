#include <cmath>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// Terms ln 2, ln 4 - ln 3 and ln 4 - ln 3 / 2 over 2 items of 2.
float Loss(const std::string& loss_param) {
  LayerTester loss(
      "type: 'SigmoidCrossEntropyLoss' bottom: 'x' bottom: 't' top: 'loss' "
      "loss_param { ignore_label: -1 " +
      loss_param + " }");
  const float log3 = std::log(3.0f);
  loss.Input("x", {2, 2}, {0, log3, 100, log3});
  loss.Input("t", {2, 2}, {1, 1, -1, 0.5});
  EXPECT_OK(loss.Forward());
  return loss.Output("loss")[0];
}

TEST(SigmoidCrossEntropyLossLayerTest, Normalizations) {
  const float sum = std::log(2.0f) + 2 * std::log(4.0f) - 1.5f * std::log(3.0f);
  EXPECT_NEAR(Loss(""), sum / 2, 1e-6);
  EXPECT_NEAR(Loss("normalization: VALID"), sum / 3, 1e-6);
  EXPECT_NEAR(Loss("normalization: FULL"), sum / 4, 1e-6);
  EXPECT_NEAR(Loss("normalization: BATCH_SIZE"), sum / 2, 1e-6);
  EXPECT_NEAR(Loss("normalization: NONE"), sum, 1e-6);
  EXPECT_NEAR(Loss("normalize: true"), sum / 3, 1e-6);
  EXPECT_NEAR(Loss("normalize: false"), sum / 2, 1e-6);
}

TEST(SigmoidCrossEntropyLossLayerTest, LargeValuesDoNotOverflow) {
  LayerTester loss(
      "type: 'SigmoidCrossEntropyLoss' bottom: 'x' bottom: 't' top: 'loss'");
  loss.Input("x", {1, 2}, {1000, -1000});
  loss.Input("t", {1, 2}, {0, 0});
  ASSERT_OK(loss.Backward());
  EXPECT_THAT(loss.Output("loss"), Values({1000}));
  EXPECT_THAT(loss.InputDiff("x"), Values({1, 0}));
}

TEST(SigmoidCrossEntropyLossLayerTest, Gradients) {
  for (const char* field :
       {"", "loss_param { normalization: VALID ignore_label: 1 }",
        "loss_param { normalization: NONE } loss_weight: 0.25"}) {
    LayerTester loss(
        absl::StrCat("type: 'SigmoidCrossEntropyLoss' bottom: 'x' bottom: 't' "
                     "top: 'loss' ",
                     field));
    loss.Input("x", {3, 2, 2}, Noise(12));
    loss.Input("t", {3, 4}, {0, 1, 0.5, 0, 0.25, 1, 0, 0, 1, 0.75, 0, 1});
    GradientCheck check;
    check.inputs = {"x"};
    ExpectGradients(loss, check);
  }
}

TEST(SigmoidCrossEntropyLossLayerTest, RefusesOtherCounts) {
  LayerTester loss(
      "type: 'SigmoidCrossEntropyLoss' bottom: 'x' bottom: 't' top: 'loss'");
  loss.Input("x", {2, 2}).Input("t", {2});
  EXPECT_THAT(loss.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester scalar(
      "type: 'SigmoidCrossEntropyLoss' bottom: 'x' bottom: 't' top: 'loss'");
  scalar.Input("x", {}).Input("t", {});
  EXPECT_THAT(scalar.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
