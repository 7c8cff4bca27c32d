#include <cmath>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

std::string LayerWith(const std::string& contrastive_loss_param) {
  return absl::StrCat(
      "type: 'ContrastiveLoss' bottom: 'a' bottom: 'b' bottom: 'alike' "
      "top: 'loss' contrastive_loss_param { ",
      contrastive_loss_param, " }");
}

// Distances 5 (alike), 0.6 and 5 (different).
void SetInputs(LayerTester* loss) {
  loss->Input("a", {3, 2}, {3, 4, 0.6f, 0, 0, 5});
  loss->Input("b", {3, 2}, {0, 0, 0, 0, 0, 0});
  loss->Input("alike", {3}, {1, 0, 0});
}

float Loss(const std::string& contrastive_loss_param) {
  LayerTester loss(LayerWith(contrastive_loss_param));
  SetInputs(&loss);
  EXPECT_OK(loss.Forward());
  return loss.Output("loss")[0];
}

TEST(ContrastiveLossLayerTest, MarginAndLegacyVersion) {
  EXPECT_NEAR(Loss(""), (25 + 0.16) / 6, 1e-5);
  EXPECT_NEAR(Loss("margin: 2"), (25 + 1.96) / 6, 1e-5);
  EXPECT_NEAR(Loss("margin: 6"), (25 + 29.16 + 1) / 6, 1e-5);
  EXPECT_NEAR(Loss("legacy_version: true"), (25 + 0.64) / 6, 1e-5);
}

TEST(ContrastiveLossLayerTest, GradientsOfBothBottoms) {
  for (const char* field : {"", "margin: 6", "legacy_version: true"}) {
    LayerTester loss(LayerWith(field));
    SetInputs(&loss);
    GradientCheck check;
    check.inputs = {"a", "b"};
    // Caffe adds 1e-4 to the distance it divides by.
    check.tolerance = 3e-3;
    ExpectGradients(loss, check);
  }
}

TEST(ContrastiveLossLayerTest, EqualPairHasNoDirection) {
  LayerTester loss(LayerWith(""));
  loss.Input("a", {1, 2}, {1, 1});
  loss.Input("b", {1, 2}, {1, 1});
  loss.Input("alike", {1}, {0});
  ASSERT_OK(loss.Backward());
  EXPECT_THAT(loss.Output("loss"), Values({0.5}));
  EXPECT_THAT(loss.InputDiff("a"), Values({0, 0}));
}

TEST(ContrastiveLossLayerTest, RefusesWhatDoesNotFit) {
  LayerTester loss(LayerWith(""));
  SetInputs(&loss);
  loss.Input("alike", {3}, {1, NAN, 0});
  EXPECT_THAT(loss.Forward(), HasReason("LABEL_OUT_OF_RANGE"));
  LayerTester pairs(LayerWith(""));
  SetInputs(&pairs);
  pairs.Input("alike", {2});
  EXPECT_THAT(pairs.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester channels(LayerWith(""));
  SetInputs(&channels);
  channels.Input("b", {3, 1});
  EXPECT_THAT(channels.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
