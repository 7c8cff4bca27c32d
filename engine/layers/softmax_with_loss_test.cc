#include <cmath>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// The loss of two positions with probabilities 1/4 and 1/2, the third ignored.
float Loss(const std::string& loss_param) {
  LayerTester loss(
      "type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' top: 'loss' "
      "loss_param { ignore_label: 9 " +
      loss_param + " }");
  const float log3 = std::log(3.0f);
  loss.Input("x", {1, 2, 3}, {0, 1, 0, log3, 1, 0});
  loss.Input("label", {1, 3}, {0, 1, 9});
  EXPECT_OK(loss.Forward());
  return loss.Output("loss")[0];
}

TEST(SoftmaxWithLossLayerTest, Normalizations) {
  const float sum = std::log(4.0f) + std::log(2.0f);
  EXPECT_NEAR(Loss(""), sum / 2, 1e-6);
  EXPECT_NEAR(Loss("normalization: VALID"), sum / 2, 1e-6);
  EXPECT_NEAR(Loss("normalization: FULL"), sum / 3, 1e-6);
  EXPECT_NEAR(Loss("normalization: BATCH_SIZE"), sum, 1e-6);
  EXPECT_NEAR(Loss("normalization: NONE"), sum, 1e-6);
  EXPECT_NEAR(Loss("normalize: true"), sum / 2, 1e-6);
  EXPECT_NEAR(Loss("normalize: false"), sum, 1e-6);
  EXPECT_NEAR(Loss("normalize: false normalization: FULL"), sum / 3, 1e-6);
}

TEST(SoftmaxWithLossLayerTest, SecondTopHasProbabilities) {
  LayerTester loss(
      "type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' top: 'loss' "
      "top: 'p'");
  loss.Input("x", {1, 2}, {1, 1});
  loss.Input("label", {1}, {1});
  ASSERT_OK(loss.Forward());
  EXPECT_THAT(loss.Output("p"), Values({0.5, 0.5}));
}

TEST(SoftmaxWithLossLayerTest, IsTheLossOfTheNetEvenWithoutTop) {
  auto net = MakeLayerNet(
      ParseLayer("type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label'"),
      {{"x", Shape({1, 4})}, {"label", Shape({1})}});
  ASSERT_OK(net);
  ASSERT_OK((*net)->Forward());
  EXPECT_NEAR((*net)->loss(), std::log(4.0), 1e-6);
}

TEST(SoftmaxWithLossLayerTest, AllIgnoredIsZeroAndZeroProbabilityFinite) {
  LayerTester ignored(
      "type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' top: 'loss' "
      "loss_param { ignore_label: -1 }");
  ignored.Input("x", {1, 2}, {1000, 0});
  ignored.Input("label", {1}, {-1});
  ASSERT_OK(ignored.Forward());
  EXPECT_THAT(ignored.Output("loss"), Values({0}));
  ignored.Input("label", {1}, {1});
  ASSERT_OK(ignored.Forward());
  EXPECT_THAT(ignored.Output("loss"), Values({87.33655f}, 1e-3f));
}

TEST(SoftmaxWithLossLayerTest, GradientIsProbabilityLessLabel) {
  LayerTester loss(
      "type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' top: 'loss' "
      "loss_param { ignore_label: 9 } loss_weight: 4");
  const float log3 = std::log(3.0f);
  loss.Input("x", {1, 2, 3}, {0, 1, 0, log3, 1, 0});
  loss.Input("label", {1, 3}, {0, 9, 1});
  ASSERT_OK(loss.Backward());
  EXPECT_THAT(loss.InputDiff("x"),
              Values({2 * (0.25f - 1), 0, 1, 1.5f, 0, -1}));
}

TEST(SoftmaxWithLossLayerTest, Gradients) {
  for (const char* field :
       {"", "loss_param { normalization: FULL ignore_label: 2 }",
        "loss_param { normalization: BATCH_SIZE } softmax_param { axis: -2 }",
        "loss_param { normalization: NONE }", "loss_weight: 0.5"}) {
    LayerTester loss(absl::StrCat(
        "type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' top: 'loss' ",
        field));
    loss.Input("x", {2, 3, 4}, Noise(24));
    loss.Input("label", {2, 4}, {0, 1, 2, 0, 2, 1, 1, 0});
    ExpectGradients(loss);
  }
}

TEST(SoftmaxWithLossLayerTest, RefusesBadLabels) {
  LayerTester loss(
      "type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' top: 'loss'");
  loss.Input("x", {1, 2}, {1, 1});
  loss.Input("label", {1}, {-1});
  EXPECT_THAT(loss.Forward(), HasReason("LABEL_OUT_OF_RANGE"));
}
}  // namespace
}  // namespace quantd::testing
