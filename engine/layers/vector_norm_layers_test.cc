#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

TEST(GrnLayerTest, ChannelsOfEachPixel) {
  LayerTester grn("type: 'GRN' bottom: 'x' top: 'y'");
  grn.Input("x", {1, 2, 2}, {3, 0, 4, 12});
  ASSERT_OK(grn.Forward());
  EXPECT_THAT(grn.Output("y"), Values({0.6f, 0, 0.8f, 1}));
  LayerTester bias("type: 'GRN' bottom: 'x' top: 'x' grn_param { bias: 7 }");
  bias.Input("x", {1, 1, 1}, {3});
  ASSERT_OK(bias.Forward());
  EXPECT_THAT(bias.Output("x"), Values({0.75}));
}

TEST(GrnLayerTest, GradientsAndErrors) {
  for (const char* top : {"y", "x"}) {
    LayerTester grn(absl::StrCat("type: 'GRN' bottom: 'x' top: '", top,
                                 "' grn_param { bias: 0.1 }"));
    grn.Input("x", {2, 3, 2}, Noise(12));
    ExpectGradients(grn);
  }
  LayerTester bias("type: 'GRN' bottom: 'x' top: 'y' grn_param { bias: -1 }");
  bias.Input("x", {1, 2});
  EXPECT_THAT(bias.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "grn_param.bias"));
  LayerTester vector("type: 'GRN' bottom: 'x' top: 'y'");
  vector.Input("x", {2});
  EXPECT_THAT(vector.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "1 is not an axis of 2"));
}

LayerTester LpNormalization(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'LpNormalization' bottom: 'x' top: 'y' "
                   "lp_normalization_param { ",
                   fields, " }"));
}

TEST(LpNormalizationLayerTest, AxisAndP) {
  const std::vector<float> x = {3, -4, 0, 12};
  LayerTester l2 = LpNormalization("");
  l2.Input("x", {2, 2}, x);
  ASSERT_OK(l2.Forward());
  EXPECT_THAT(l2.Output("y"), Values({0.6f, -0.8f, 0, 1}));
  LayerTester l1 = LpNormalization("p: 1 axis: 1");
  l1.Input("x", {2, 2}, x);
  ASSERT_OK(l1.Forward());
  EXPECT_THAT(l1.Output("y"), Values({3 / 7.f, -4 / 7.f, 0, 1}));
  LayerTester first = LpNormalization("p: 1 axis: -2");
  first.Input("x", {2, 2}, x);
  ASSERT_OK(first.Forward());
  EXPECT_THAT(first.Output("y"), Values({1, -0.25, 0, 0.75}));
}

TEST(LpNormalizationLayerTest, NoElements) {
  LayerTester norm = LpNormalization("");
  norm.Input("x", {1 << 30, 0});
  ASSERT_OK(norm.Backward());
}

TEST(LpNormalizationLayerTest, Gradients) {
  GradientCheck check;
  check.step = 3e-3;
  check.tolerance = 3e-3;
  check.kink_range = 4e-3;
  for (const char* fields : {"axis: 0", "p: 1 axis: 1", "axis: -1"}) {
    LayerTester norm = LpNormalization(fields);
    norm.Input("x", {2, 3, 2}, Noise(12));
    ExpectGradients(norm, check);
  }
}

TEST(LpNormalizationLayerTest, Refuses) {
  for (const char* fields :
       {"p: 0", "p: 3", "axis: 2", "axis: -3", "axis: 0 axis: 1"}) {
    LayerTester norm = LpNormalization(fields);
    norm.Input("x", {2, 2});
    EXPECT_THAT(norm.Forward(), StatusIs(StatusCode::kInvalidArgument,
                                         "lp_normalization_param."));
  }
}

}  // namespace
}  // namespace quantd::testing
