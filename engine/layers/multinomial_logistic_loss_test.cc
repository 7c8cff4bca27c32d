#include <cmath>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

constexpr char kLayer[] =
    "type: 'MultinomialLogisticLoss' bottom: 'p' bottom: 'label' top: 'loss'";

TEST(MultinomialLogisticLossLayerTest, IsTheMeanNegativeLogarithm) {
  LayerTester loss(kLayer);
  loss.Input("p", {2, 2}, {0.25, 0.75, 0.5, 0.5});
  loss.Input("label", {2}, {0, 1});
  ASSERT_OK(loss.Backward());
  EXPECT_THAT(loss.Output("loss"),
              Values({(std::log(4.0f) + std::log(2.0f)) / 2}));
  EXPECT_THAT(loss.InputDiff("p"), Values({-2, 0, 0, -1}));
}

TEST(MultinomialLogisticLossLayerTest, ZeroIsCut) {
  LayerTester loss(kLayer);
  loss.Input("p", {1, 2}, {0, 1});
  loss.Input("label", {1, 1}, {0});
  ASSERT_OK(loss.Backward());
  EXPECT_NEAR(loss.Output("loss")[0], -std::log(1e-20), 1e-4);
  EXPECT_NEAR(loss.InputDiff("p")[0] / -1e20, 1, 1e-5);
}

TEST(MultinomialLogisticLossLayerTest, Gradient) {
  LayerTester loss(kLayer);
  loss.Input("p", {2, 3}, {0.5, 0.25, 0.25, 0.625, 0.125, 0.25});
  loss.Input("label", {2}, {2, 0});
  GradientCheck check;
  check.inputs = {"p"};
  check.step = 2e-3;
  ExpectGradients(loss, check);
}

TEST(MultinomialLogisticLossLayerTest, RefusesBadLabels) {
  LayerTester loss(kLayer);
  loss.Input("p", {1, 2}).Input("label", {1}, {-1});
  EXPECT_THAT(loss.Forward(), HasReason("LABEL_OUT_OF_RANGE"));
  LayerTester counts(kLayer);
  counts.Input("p", {2, 2}).Input("label", {2, 2});
  EXPECT_THAT(counts.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
