#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester GroupNorm(const std::string& fields, const std::string& top = "y") {
  return LayerTester(absl::StrCat("type: 'GroupNorm' bottom: 'x' top: '", top,
                                  "' group_norm_param { ", fields, " }"));
}

TEST(GroupNormLayerTest, EachGroupOfChannels) {
  // The groups' means are 2 and 20, their variances 1 and 100.
  for (const char* field : {"num_groups", "group", "group_ratio"}) {
    LayerTester norm = GroupNorm(absl::StrCat(field, ": 2"));
    norm.Input("x", {1, 4, 1}, {1, 3, 10, 30});
    ASSERT_OK(norm.Forward());
    EXPECT_THAT(norm.Output("y"), Values({-1, 1, -1, 1}));
  }
}

TEST(GroupNormLayerTest, EpsIsInTheRoot) {
  for (const char* field : {"eps", "epsilon"}) {
    LayerTester norm = GroupNorm(absl::StrCat("group_ratio: 1 ", field, ": 3"));
    norm.Input("x", {2, 1, 2}, {1, 3, 2, 6});
    ASSERT_OK(norm.Forward());
    const float r = 2 / std::sqrt(7.f);
    EXPECT_THAT(norm.Output("y"), Values({-0.5, 0.5, -r, r}));
  }
}

TEST(GroupNormLayerTest, ScaleAndBiasOfEachChannel) {
  for (const Shape& shape : {Shape{2}, Shape{1, 2, 1, 1}}) {
    for (const char* field : {"num_groups: 1", "group: 1", "group_ratio: 1"}) {
      LayerTester norm = GroupNorm(field);
      norm.Input("x", {1, 2, 1, 2}, {1, 3, 1, 3});
      norm.Blob(shape, {2, 10}).Blob(shape, {0.5, -1});
      ASSERT_OK(norm.Forward());
      EXPECT_THAT(norm.Output("y"), Values({-1.5, 2.5, -11, 9}, 1e-4f));
    }
  }
}

TEST(GroupNormLayerTest, FillersWithoutWeights) {
  LayerTester norm =
      GroupNorm("group: 1 scale_filler { value: 3 } bias_filler { value: 1 }");
  norm.Input("x", {1, 1, 2}, {1, 3});
  ASSERT_OK(norm.Forward());
  EXPECT_THAT(norm.Output("y"), Values({-2, 4}, 1e-4f));
  EXPECT_EQ(norm.layer().blobs().size(), 2);
  LayerTester without = GroupNorm("group_ratio: 1");
  without.Input("x", {1, 1, 2});
  ASSERT_OK(without.Forward());
  EXPECT_TRUE(without.layer().blobs().empty());
}

TEST(GroupNormLayerTest, Gradients) {
  GradientCheck check;
  check.step = 3e-3;
  check.tolerance = 3e-3;
  for (const char* top : {"y", "x"}) {
    LayerTester affine = GroupNorm("num_groups: 2 eps: 0.01", top);
    affine.Input("x", {2, 4, 3}, Noise(24));
    affine.Blob({4}, Noise(4, 2)).Blob({4}, Noise(4, 3));
    ExpectGradients(affine, check);
    LayerTester plain = GroupNorm("group_ratio: 2 eps: 0.01", top);
    plain.Input("x", {2, 4, 3}, Noise(24));
    ExpectGradients(plain, check);
  }
}

TEST(GroupNormLayerTest, Refuses) {
  for (const char* fields :
       {"num_groups: 3", "num_groups: 0", "num_groups: -2", ""}) {
    LayerTester norm = GroupNorm(fields);
    norm.Input("x", {1, 4, 2});
    EXPECT_THAT(norm.Forward(), StatusIs(StatusCode::kInvalidArgument,
                                         "group_norm_param.num_groups"));
  }
  LayerTester eps = GroupNorm("num_groups: 1 eps: -1");
  eps.Input("x", {1, 4});
  EXPECT_THAT(eps.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  LayerTester vector = GroupNorm("num_groups: 1");
  vector.Input("x", {4});
  EXPECT_THAT(vector.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester changed = GroupNorm("num_groups: 2");
  changed.Input("x", {1, 4});
  ASSERT_OK(changed.Forward());
  changed.Input("x", {1, 6});
  EXPECT_THAT(changed.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester blobs = GroupNorm("num_groups: 2");
  blobs.Input("x", {1, 4}).Blob({3}, {1, 1, 1}).Blob({3}, {1, 1, 1});
  EXPECT_THAT(blobs.Forward(), HasReason("MODEL_WEIGHTS_MISMATCH"));
}

}  // namespace
}  // namespace quantd::testing
