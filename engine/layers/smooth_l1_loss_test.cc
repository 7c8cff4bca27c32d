#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Loss(const std::string& fields,
                 const std::string& more_bottoms = "") {
  return LayerTester(
      absl::StrCat("type: 'SmoothL1Loss' bottom: 'x' "
                   "bottom: 't' ",
                   more_bottoms, " top: 'loss' ", fields));
}

TEST(SmoothL1LossLayerTest, QuadraticThenLinear) {
  LayerTester loss = Loss("");
  loss.Input("x", {2, 2}, {0.5f, 3, 1, -1}).Input("t", {2, 2}, {0, 1, 1, 2});
  ASSERT_OK(loss.Forward());
  EXPECT_EQ(loss.OutputShape("loss"), Shape());
  // (0.125 + 1.5 + 0 + 2.5) / 2
  EXPECT_THAT(loss.Output("loss"), Values({2.0625f}));
  EXPECT_FLOAT_EQ(static_cast<float>(loss.net()->loss()), 2.0625f);
}

TEST(SmoothL1LossLayerTest, Sigma) {
  LayerTester loss = Loss("smooth_l1_loss_param { sigma: 2 }");
  loss.Input("x", {1, 2}, {0.2f, 1}).Input("t", {1, 2});
  ASSERT_OK(loss.Forward());
  EXPECT_THAT(loss.Output("loss"), Values({0.08f + 0.875f}));
}

TEST(SmoothL1LossLayerTest, Weights) {
  LayerTester loss = Loss("", "bottom: 'in' bottom: 'out'");
  loss.Input("x", {1, 2}, {1, 2}).Input("t", {1, 2});
  loss.Input("in", {1, 2}, {0.5f, 2}).Input("out", {1, 2}, {10, 100});
  ASSERT_OK(loss.Forward());
  EXPECT_THAT(loss.Output("loss"), Values({1.25f + 350}));
}

TEST(SmoothL1LossLayerTest, Gradients) {
  LayerTester loss = Loss("smooth_l1_loss_param { sigma: 1.5 }");
  loss.Input("x", {3, 4}, Noise(12, 1)).Input("t", {3, 4}, Noise(12, 2));
  ExpectGradients(loss);
  LayerTester weighted = Loss("loss_weight: 0.5", "bottom: 'in' bottom: 'out'");
  weighted.Input("x", {3, 4}, Noise(12, 1)).Input("t", {3, 4}, Noise(12, 2));
  weighted.Input("in", {3, 4}, Noise(12, 3));
  weighted.Input("out", {3, 4}, Noise(12, 4));
  ExpectGradients(weighted);
}

TEST(SmoothL1LossLayerTest, BadInput) {
  for (const char* sigma : {"0", "nan", "1e30"}) {
    LayerTester loss =
        Loss(absl::StrCat("smooth_l1_loss_param { sigma: ", sigma, " }"));
    loss.Input("x", {1, 2}).Input("t", {1, 2});
    EXPECT_THAT(loss.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << sigma;
  }
  LayerTester loss = Loss("");
  loss.Input("x", {1, 2}).Input("t", {2, 1});
  EXPECT_THAT(loss.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
