#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester Normalize(const std::string& params,
                      const std::string& tops = "top: 'y'") {
  return LayerTester(
      absl::StrCat("type: 'Normalize' bottom: 'x' ", tops, " ", params));
}

// Two channels of two pixels: (3, 4) and (0, 12).
const std::vector<float> kPixels = {3, 0, 4, 12};

TEST(NormalizeLayerTest, WholeItemsAndOneScale) {
  LayerTester norm = Normalize("norm_param {}");
  norm.Input("x", {1, 2, 2}, kPixels).Blob({}, {26});  // The norm is 13.
  ASSERT_OK(norm.Forward());
  EXPECT_THAT(norm.Output("y"), Values({6, 0, 8, 24}));
}

TEST(NormalizeLayerTest, PixelsAndAScalePerChannel) {
  LayerTester norm = Normalize(
      "norm_param { across_spatial: false channel_shared: false }", "top: 'x'");
  norm.Input("x", {1, 2, 2}, kPixels).Blob({2}, {1, 10});
  ASSERT_OK(norm.Forward());
  EXPECT_THAT(norm.Output("x"), Values({0.6f, 0, 8, 10}));
}

TEST(NormalizeLayerTest, EpsIsInTheRootAndSqrtAMultiplies) {
  LayerTester norm = Normalize("norm_param { eps: 27 sqrt_a: 0.5 }");
  norm.Input("x", {1, 2, 1}, {3, 0}).Blob({}, {4});
  ASSERT_OK(norm.Forward());
  EXPECT_THAT(norm.Output("y"), Values({1, 0}));
}

TEST(NormalizeLayerTest, ZerosStayZeros) {
  LayerTester norm = Normalize("norm_param { across_spatial: false }");
  norm.Input("x", {1, 2, 1}, {0, 0});
  ASSERT_OK(norm.Forward());
  EXPECT_THAT(norm.Output("y"), Values({0, 0}));
}

TEST(NormalizeLayerTest, FillerOfTheScale) {
  LayerTester one = Normalize("norm_param {}");
  one.Input("x", {1, 2, 2}, kPixels);
  ASSERT_OK(one.Forward());
  EXPECT_THAT(one.LayerBlob(0), Values({1}));
  LayerTester twenty = Normalize(
      "norm_param { channel_shared: false scale_filler { value: 20 } }");
  twenty.Input("x", {1, 2, 2}, kPixels);
  ASSERT_OK(twenty.Forward());
  EXPECT_THAT(twenty.LayerBlob(0), Values({20, 20}));
}

TEST(NormalizeLayerTest, TheFormWithoutScale) {
  LayerTester l2 = Normalize("normalize_param {}");
  l2.Input("x", {1, 2, 2}, kPixels);
  ASSERT_OK(l2.Forward());
  EXPECT_THAT(l2.Output("y"), Values({0.6f, 0, 0.8f, 1}));
  LayerTester l1 = Normalize("normalize_param { normalize_type: 'L1' }",
                             "top: 'y' top: 'norm'");
  l1.Input("x", {1, 2, 2}, {3, 0, -4, 12});
  ASSERT_OK(l1.Forward());
  EXPECT_THAT(l1.Output("y"), Values({3 / 7.f, 0, -4 / 7.f, 1}));
  EXPECT_EQ(l1.OutputShape("norm"), Shape({1, 1, 2}));
  EXPECT_THAT(l1.Output("norm"), Values({7, 12}));
  LayerTester small = Normalize("normalize_param {}");
  small.Input("x", {1, 1}, {1e-3f});  // sqrt(1e-6 + 1e-6).
  ASSERT_OK(small.Forward());
  EXPECT_THAT(small.Output("y"), Values({std::sqrt(0.5f)}));
}

TEST(NormalizeLayerTest, WithoutParametersABlobDecides) {
  LayerTester without = Normalize("");
  without.Input("x", {1, 2, 2}, kPixels);
  ASSERT_OK(without.Forward());
  EXPECT_TRUE(without.layer().blobs().empty());
  EXPECT_THAT(without.Output("y"), Values({0.6f, 0, 0.8f, 1}));
  LayerTester with = Normalize("");
  with.Input("x", {1, 2, 2}, kPixels).Blob({}, {26});
  ASSERT_OK(with.Forward());
  EXPECT_THAT(with.Output("y"), Values({6, 0, 8, 24}));
}

TEST(NormalizeLayerTest, NoElements) {
  LayerTester norm = Normalize("norm_param {}");
  norm.Input("x", {1 << 30, 1, 0});
  ASSERT_OK(norm.Backward());
  LayerTester norms = Normalize("normalize_param {}", "top: 'y' top: 'norm'");
  norms.Input("x", {2, 0});
  ASSERT_OK(norms.Forward());
  EXPECT_THAT(norms.Output("norm"), Values({1e-3f, 1e-3f}));
}

TEST(NormalizeLayerTest, Gradients) {
  GradientCheck check;
  check.step = 3e-3;
  check.tolerance = 3e-3;
  for (const char* fields :
       {"", "across_spatial: false", "channel_shared: false",
        "across_spatial: false channel_shared: false sqrt_a: 0.5",
        "eps: 0.1"}) {
    for (const char* top : {"top: 'y'", "top: 'x'"}) {
      SCOPED_TRACE(absl::StrCat(fields, " ", top));
      LayerTester norm =
          Normalize(absl::StrCat("norm_param { ", fields,
                                 " scale_filler { type: 'gaussian' } }"),
                    top);
      norm.Input("x", {2, 3, 2}, Noise(12));
      ExpectGradients(norm, check);
    }
  }
}

TEST(NormalizeLayerTest, GradientsWithoutScale) {
  GradientCheck check;
  check.step = 3e-3;
  check.tolerance = 3e-3;
  check.kink_range = 4e-3;
  for (const char* kind : {"L1", "L2"}) {
    const std::string field = absl::StrCat("normalize_type: '", kind, "'");
    LayerTester plain =
        Normalize(absl::StrCat("normalize_param { ", field, " }"));
    plain.Input("x", {2, 3, 2}, Noise(12));
    ExpectGradients(plain, check);
    LayerTester norms =
        Normalize(absl::StrCat("normalize_param { bp_norm: true ", field, " }"),
                  "top: 'y' top: 'norm'");
    norms.Input("x", {2, 3, 2}, Noise(12));
    ExpectGradients(norms, check);
  }
}

TEST(NormalizeLayerTest, NormsHaveNoGradientUnlessWanted) {
  LayerTester norm = Normalize("normalize_param {}", "top: 'y' top: 'norm'");
  norm.Input("x", {1, 2}, {3, 4});
  ASSERT_OK(norm.Backward({{"y", {0, 0}}, {"norm", {5}}}));
  EXPECT_THAT(norm.InputDiff("x"), Values({0, 0}));
}

TEST(NormalizeLayerTest, Refuses) {
  LayerTester eps = Normalize("norm_param { eps: -1 }");
  eps.Input("x", {1, 2});
  EXPECT_THAT(eps.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "norm_param.eps"));
  LayerTester kind = Normalize("normalize_param { normalize_type: 'L3' }");
  kind.Input("x", {1, 2});
  EXPECT_THAT(kind.Forward(), StatusIs(StatusCode::kInvalidArgument,
                                       "normalize_param.normalize_type"));
  LayerTester tops = Normalize("norm_param {}", "top: 'y' top: 'norm'");
  tops.Input("x", {1, 2});
  EXPECT_THAT(tops.Forward(), HasReason("LAYER_ARITY_INVALID"));
  LayerTester vector = Normalize("norm_param {}");
  vector.Input("x", {2});
  EXPECT_THAT(vector.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester changed = Normalize("norm_param {}");
  changed.Input("x", {1, 2});
  ASSERT_OK(changed.Forward());
  changed.Input("x", {1, 3});
  EXPECT_THAT(changed.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
