#include <limits>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Upsample(const std::string& fields,
                     const std::string& bottoms = "bottom: 'x' ") {
  return LayerTester(absl::StrCat("type: 'Upsample' ", bottoms,
                                  "top: 'y' upsample_param { ", fields, " }"));
}

TEST(UpsampleLayerTest, RepeatsPixels) {
  LayerTester upsample = Upsample("scale: 2");
  upsample.Input("x", {1, 1, 1, 2}, {1, 2});
  ASSERT_OK(upsample.Forward());
  EXPECT_EQ(upsample.OutputShape("y"), Shape({1, 1, 2, 4}));
  EXPECT_THAT(upsample.Output("y"), Values({1, 1, 2, 2, 1, 1, 2, 2}));
}

TEST(UpsampleLayerTest, FactorsByDialect) {
  for (const auto& [fields, size] : std::vector<std::pair<std::string, Shape>>{
           {"", {1, 1, 2, 4}},
           {"scale: 3", {1, 1, 3, 6}},
           {"scale_h: 3 scale_w: 1", {1, 1, 3, 2}},
           {"stride: 3", {1, 1, 3, 6}},
           {"stride_h: 1 stride_w: 4", {1, 1, 1, 8}},
           {"stride: 3 stride_w: 1", {1, 1, 3, 2}},
           {"scale: 5 stride: 1", {1, 1, 1, 2}}}) {
    LayerTester upsample = Upsample(fields);
    upsample.Input("x", {1, 1, 1, 2}, {1, 2});
    ASSERT_OK(upsample.Forward()) << fields;
    EXPECT_EQ(upsample.OutputShape("y"), size) << fields;
  }
}

TEST(UpsampleLayerTest, WithAStrideTheScaleMultiplies) {
  LayerTester upsample = Upsample("scale: 0.5 stride_h: 1 stride_w: 2");
  upsample.Input("x", {1, 1, 1, 2}, {1, 2});
  ASSERT_OK(upsample.Forward());
  EXPECT_THAT(upsample.Output("y"), Values({0.5f, 0.5f, 1, 1}));
  ExpectGradients(upsample);
}

const char kTwoBottoms[] = "bottom: 'x' bottom: 'mask' ";

TEST(UpsampleLayerTest, ByAMask) {
  LayerTester upsample = Upsample("scale: 2", kTwoBottoms);
  upsample.Input("x", {1, 2, 1, 2}, {1, 2, 3, 4});
  upsample.Input("mask", {1, 2, 1, 2}, {1, 6, 0, 0});
  ASSERT_OK(upsample.Forward());
  EXPECT_EQ(upsample.OutputShape("y"), Shape({1, 2, 2, 4}));
  // Of equal indices the last one wins.
  EXPECT_THAT(upsample.Output("y"),
              Values({0, 1, 0, 0, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(UpsampleLayerTest, SizeByAMask) {
  for (const auto& [fields, size] : std::vector<std::pair<std::string, Shape>>{
           {"upsample_h: 3 upsample_w: 5", {1, 1, 3, 5}},
           {"scale: 2 pad_out_h: true", {1, 1, 1, 4}},
           {"scale_h: 2 scale_w: 3 pad_out_w: true", {1, 1, 2, 5}}}) {
    LayerTester upsample = Upsample(fields, kTwoBottoms);
    upsample.Input("x", {1, 1, 1, 2}).Input("mask", {1, 1, 1, 2}, {0, 3});
    ASSERT_OK(upsample.Forward()) << fields;
    EXPECT_EQ(upsample.OutputShape("y"), size) << fields;
  }
}

TEST(UpsampleLayerTest, BadMask) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float index : {-1.f, 8.f, nan, 1e30f}) {
    LayerTester upsample = Upsample("scale: 2", kTwoBottoms);
    upsample.Input("x", {1, 1, 1, 2}).Input("mask", {1, 1, 1, 2}, {0, index});
    EXPECT_THAT(upsample.Forward(), HasReason("LAYER_INPUT_INVALID")) << index;
  }
  LayerTester upsample = Upsample("scale: 2", kTwoBottoms);
  upsample.Input("x", {1, 1, 1, 2}).Input("mask", {1, 1, 2, 1});
  EXPECT_THAT(upsample.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

TEST(UpsampleLayerTest, Gradients) {
  LayerTester upsample = Upsample("scale_h: 2 scale_w: 3");
  upsample.Input("x", {2, 2, 2, 2}, Noise(16));
  ExpectGradients(upsample);
  LayerTester masked = Upsample("scale: 2", kTwoBottoms);
  masked.Input("x", {1, 2, 1, 2}, Noise(4));
  masked.Input("mask", {1, 2, 1, 2}, {1, 6, 0, 3});
  ExpectGradients(masked);
}

TEST(UpsampleLayerTest, BadFields) {
  for (const char* fields :
       {"scale: 1.5", "scale: 0", "scale: nan", "scale: -2", "stride: 0",
        "stride_h: -1", "scale_h: 2", "scale_h: 0 scale_w: 1",
        "scale: 2 scale_h: 2 scale_w: 2", "upsample_h: 3", "stride: 70000"}) {
    LayerTester upsample = Upsample(fields);
    upsample.Input("x", {1, 1, 1, 2});
    EXPECT_THAT(upsample.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

LayerTester Darknet(const std::string& fields) {
  LayerTester tester(
      absl::StrCat("type: 'UpsampleDarknet' bottom: 'x' top: 'y' "
                   "upsample_darknet_param { ",
                   fields, " }"));
  tester.Input("x", {1, 1, 1, 2}, {1, 2});
  return tester;
}

TEST(UpsampleDarknetLayerTest, Stride) {
  LayerTester upsample = Darknet("stride: 2");
  ASSERT_OK(upsample.Forward());
  EXPECT_THAT(upsample.Output("y"), Values({1, 1, 2, 2, 1, 1, 2, 2}));
  ExpectGradients(upsample);
  LayerTester same = Darknet("");
  ASSERT_OK(same.Forward());
  EXPECT_THAT(same.Output("y"), Values({1, 2}));
  EXPECT_THAT(Darknet("stride: 0").Forward(),
              HasReason("LAYER_PARAMETER_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
