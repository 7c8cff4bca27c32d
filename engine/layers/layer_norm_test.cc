#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester LayerNorm(const std::string& type, const std::string& fields,
                      const std::string& top = "y") {
  return LayerTester(absl::StrCat("type: '", type, "' bottom: 'x' top: '", top,
                                  "' layer_norm_param { ", fields, " }"));
}

TEST(LayerNormLayerTest, TheLastAxisOrAllButTheFirst) {
  const std::vector<float> x = {1, 3, 10, 30};
  for (const char* type : {"LayerNormalization", "LayerNormal"}) {
    LayerTester last = LayerNorm(type, "");
    last.Input("x", {1, 2, 2}, x);
    ASSERT_OK(last.Forward());
    EXPECT_THAT(last.Output("y"), Values({-1, 1, -1, 1}));
  }
  // Mean 11; the squares of -10, -8, -1, 19 sum to 526.
  LayerTester items = LayerNorm("LayerNorm", "");
  items.Input("x", {1, 2, 2}, x);
  ASSERT_OK(items.Forward());
  const float r = 1 / std::sqrt(131.5f);
  EXPECT_THAT(items.Output("y"), Values({-10 * r, -8 * r, -r, 19 * r}));
}

TEST(LayerNormLayerTest, Axis) {
  for (const char* type : {"LayerNormalization", "LayerNorm"}) {
    for (const char* axis : {"axis: 2", "axis: -1"}) {
      LayerTester norm = LayerNorm(type, axis);
      norm.Input("x", {1, 2, 2}, {1, 3, 10, 30});
      ASSERT_OK(norm.Forward());
      EXPECT_THAT(norm.Output("y"), Values({-1, 1, -1, 1}));
    }
  }
  LayerTester all = LayerNorm("LayerNormalization", "axis: 0");
  all.Input("x", {2, 1}, {1, 3});
  ASSERT_OK(all.Forward());
  EXPECT_THAT(all.Output("y"), Values({-1, 1}, 1e-4f));
}

TEST(LayerNormLayerTest, EpsIsInTheRoot) {
  for (const char* field : {"eps", "epsilon"}) {
    LayerTester norm = LayerNorm("LayerNorm", absl::StrCat(field, ": 3"));
    norm.Input("x", {1, 2}, {1, 3});
    ASSERT_OK(norm.Forward());
    EXPECT_THAT(norm.Output("y"), Values({-0.5, 0.5}));
  }
}

TEST(LayerNormLayerTest, ScaleAndBiasOfEachElement) {
  LayerTester norm = LayerNorm("LayerNorm", "eps: 0");
  norm.Input("x", {2, 1, 2}, {1, 3, 30, 10});
  norm.Blob({1, 2}, {2, 10}).Blob({1, 2}, {0.5, -1});
  ASSERT_OK(norm.Forward());
  EXPECT_THAT(norm.Output("y"), Values({-1.5, 9, 2.5, -11}));
  LayerTester scale = LayerNorm("LayerNormalization", "eps: 0");
  scale.Input("x", {1, 1, 2}, {1, 3}).Blob({2}, {2, 10});
  ASSERT_OK(scale.Forward());
  EXPECT_THAT(scale.Output("y"), Values({-2, 10}));
}

TEST(LayerNormLayerTest, WithoutScale) {
  LayerTester norm = LayerNorm("LayerNorm", "elementwise_affine: false");
  norm.Input("x", {1, 2}, {10, 30});
  ASSERT_OK(norm.Forward());
  EXPECT_TRUE(norm.layer().blobs().empty());
  EXPECT_THAT(norm.Output("y"), Values({-1, 1}));
}

TEST(LayerNormLayerTest, Gradients) {
  GradientCheck check;
  check.step = 3e-3;
  check.tolerance = 3e-3;
  for (const char* top : {"y", "x"}) {
    LayerTester both = LayerNorm("LayerNorm", "eps: 0.01", top);
    both.Input("x", {2, 3, 4}, Noise(24));
    both.Blob({3, 4}, Noise(12, 2)).Blob({3, 4}, Noise(12, 3));
    ExpectGradients(both, check);
    LayerTester scale = LayerNorm("LayerNormalization", "eps: 0.01", top);
    scale.Input("x", {2, 3, 4}, Noise(24)).Blob({4}, Noise(4, 2));
    ExpectGradients(scale, check);
    LayerTester none =
        LayerNorm("LayerNorm", "eps: 0.01 elementwise_affine: false", top);
    none.Input("x", {2, 3, 4}, Noise(24));
    ExpectGradients(none, check);
  }
}

TEST(LayerNormLayerTest, Refuses) {
  for (const char* axis : {"axis: 2", "axis: -3"}) {
    LayerTester norm = LayerNorm("LayerNorm", axis);
    norm.Input("x", {2, 3});
    EXPECT_THAT(norm.Forward(), StatusIs(StatusCode::kInvalidArgument,
                                         "layer_norm_param.axis"));
  }
  LayerTester eps = LayerNorm("LayerNorm", "epsilon: -1");
  eps.Input("x", {2, 3});
  EXPECT_THAT(eps.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  LayerTester changed = LayerNorm("LayerNorm", "");
  changed.Input("x", {2, 3});
  ASSERT_OK(changed.Forward());
  changed.Input("x", {2, 4});
  EXPECT_THAT(changed.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester blob = LayerNorm("LayerNorm", "");
  blob.Input("x", {2, 3}).Blob({1}, {1});
  EXPECT_THAT(blob.Forward(), HasReason("MODEL_WEIGHTS_MISMATCH"));
}

}  // namespace
}  // namespace quantd::testing
