#include "engine/graph/fuse_batch_norm.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/testing/status_matchers.h"
#include "engine/graph/fusion_head.h"
#include "engine/model/prototxt.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// Two channels: mean {2, 4}, variance {3, 8}, factor 2, so that with eps 1 the
// divisors are sqrt(2.5) and sqrt(5), the shifts 1 and 2.
constexpr char kBatchNorm[] =
    "layer { name: \"bn\" type: \"BatchNorm\" bottom: \"c\" top: \"c\" "
    "  batch_norm_param { eps: 1 } blobs { data: [2, 4] } "
    "  blobs { data: [3, 8] } blobs { data: 2 } } ";
constexpr char kScale[] =
    "layer { name: \"sc\" type: \"Scale\" bottom: \"c\" top: \"c\" "
    "  scale_param { bias_term: true } blobs { data: [10, -3] } "
    "  blobs { data: [0.5, 0.25] } } ";
constexpr char kBias[] =
    "layer { name: \"bi\" type: \"Bias\" bottom: \"c\" top: \"c\" "
    "  blobs { data: [7, 9] } } ";
constexpr char kConvolution[] =
    "layer { name: \"in\" type: \"Input\" top: \"x\" } "
    "layer { name: \"conv\" type: \"Convolution\" bottom: \"x\" top: \"c\" "
    "  convolution_param { num_output: 2 kernel_size: 1 bias_term: false } "
    "  blobs { shape { dim: 2 dim: 2 dim: 1 dim: 1 } data: [1, 2, 3, 4] } } ";
constexpr char kTail[] =
    "layer { name: \"relu\" type: \"ReLU\" bottom: \"c\" top: \"r\" } ";

FusedNet Fuse(const std::string& text, const FusionOptions& options = {}) {
  auto net = ParseNetPrototxt(text, "net");
  EXPECT_OK(net);
  auto fused = FuseBatchNorm(*std::move(net), options);
  EXPECT_OK(fused);
  return *std::move(fused);
}

std::string Names(const FusedNet& fused) {
  return absl::StrJoin(fused.net.layer(), " ",
                       [](std::string* out, const auto& layer) {
                         absl::StrAppend(out, layer.name());
                       });
}

// `text` with every `from` replaced by `to`.
std::string Replace(std::string text, const std::string& from,
                    const std::string& to) {
  EXPECT_NE(text.find(from), std::string::npos) << from;
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(FuseBatchNormTest, WholeChainInPlace) {
  const FusedNet fused =
      Fuse(absl::StrCat(kConvolution, kBatchNorm, kScale, kBias, kTail));
  EXPECT_EQ(Names(fused), "in conv relu");
  EXPECT_THAT(fused.report.fused,
              UnorderedElementsAre(
                  Pair("conv", ElementsAre("conv", "bn", "sc", "bi"))));
  const caffe::LayerParameter& conv = fused.net.layer(1);
  EXPECT_TRUE(conv.convolution_param().bias_term());
  ASSERT_EQ(conv.blobs_size(), 2);
  const float d0 = std::sqrt(2.5f);
  const float d1 = std::sqrt(5.0f);
  EXPECT_THAT(fused.report.gains,
              UnorderedElementsAre(
                  Pair("conv", ElementsAre(1 / d0 * 10, 1 / d1 * -3))));
  EXPECT_THAT(FloatValues(conv.blobs(0)),
              ElementsAre(1 / d0 * 10, 2 / d0 * 10, 3 / d1 * -3, 4 / d1 * -3));
  EXPECT_THAT(FloatValues(conv.blobs(1)),
              ElementsAre((0.0f - 1) / d0 * 10 + 0.5f + 7,
                          (0.0f - 2) / d1 * -3 + 0.25f + 9));
  EXPECT_THAT(conv.blobs(1).shape().dim(), ElementsAre(2));
  EXPECT_EQ(conv.top(0), "c");
}

TEST(FuseBatchNormTest, SeparateBlobsAndAnExistingBias) {
  std::string text =
      absl::StrCat(Replace(Replace(kConvolution, "bias_term: false", ""),
                           "4] }", "4] } blobs { data: [5, 6] }"),
                   Replace(kBatchNorm, "top: \"c\"", "top: \"b\""),
                   Replace(Replace(kScale, "bottom: \"c\"", "bottom: \"b\""),
                           "top: \"c\"", "top: \"s\""),
                   Replace(kTail, "\"c\"", "\"s\""));
  const FusedNet fused = Fuse(text);
  EXPECT_EQ(Names(fused), "in conv relu");
  const caffe::LayerParameter& conv = fused.net.layer(1);
  EXPECT_EQ(conv.top(0), "s");
  EXPECT_EQ(fused.net.layer(2).bottom(0), "s");
  EXPECT_THAT(FloatValues(conv.blobs(1)),
              ElementsAre((5.0f - 1) / std::sqrt(2.5f) * 10 + 0.5f,
                          (6.0f - 2) / std::sqrt(5.0f) * -3 + 0.25f));
}

TEST(FuseBatchNormTest, EachMemberIsOptional) {
  EXPECT_EQ(Names(Fuse(absl::StrCat(kConvolution, kBatchNorm, kTail))),
            "in conv relu");
  EXPECT_EQ(Names(Fuse(absl::StrCat(kConvolution, kScale, kTail))),
            "in conv relu");
  EXPECT_EQ(Names(Fuse(absl::StrCat(kConvolution, kBias, kTail))),
            "in conv relu");
  EXPECT_EQ(Names(Fuse(absl::StrCat(kConvolution, kBatchNorm, kBias))),
            "in conv");
  // Not in another order.
  EXPECT_EQ(Names(Fuse(absl::StrCat(kConvolution, kScale, kBatchNorm))),
            "in conv bn");
}

TEST(FuseBatchNormTest, ZeroFactorIsZeroMeanAndVariance) {
  const FusedNet fused = Fuse(absl::StrCat(
      kConvolution, Replace(kBatchNorm, "data: 2 }", "data: 0 }")));
  EXPECT_THAT(FloatValues(fused.net.layer(1).blobs(0)),
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(FloatValues(fused.net.layer(1).blobs(1)), ElementsAre(0, 0));
}

TEST(FuseBatchNormTest, InnerProductPlainTransposedAndLegacy) {
  const std::string scale =
      "layer { name: \"sc\" type: \"Scale\" bottom: \"c\" top: \"c\" "
      "  scale_param { axis: -1 } blobs { data: [10, 100] } } ";
  const std::string head =
      "layer { name: \"in\" type: \"Input\" top: \"x\" } "
      "layer { name: \"ip\" type: \"InnerProduct\" bottom: \"x\" top: \"c\" "
      "  inner_product_param { num_output: 2 bias_term: false ";
  const std::string data = "data: [1, 2, 3, 4, 5, 6] } } ";
  const FusedNet plain = Fuse(
      absl::StrCat(head, "} blobs { shape { dim: 2 dim: 3 } ", data, scale));
  EXPECT_THAT(FloatValues(plain.net.layer(1).blobs(0)),
              ElementsAre(10, 20, 30, 400, 500, 600));
  const FusedNet transposed = Fuse(absl::StrCat(
      head, "transpose: true } blobs { shape { dim: 3 dim: 2 } ", data, scale));
  EXPECT_THAT(FloatValues(transposed.net.layer(1).blobs(0)),
              ElementsAre(10, 200, 30, 400, 50, 600));
  EXPECT_THAT(transposed.net.layer(1).blobs(0).shape().dim(),
              ElementsAre(3, 2));
  const FusedNet legacy = Fuse(absl::StrCat(
      head, "} blobs { num: 1 channels: 1 height: 2 width: 3 ", data, scale));
  EXPECT_THAT(legacy.net.layer(1).blobs(0).shape().dim(), ElementsAre(2, 3));
  EXPECT_FALSE(legacy.net.layer(1).blobs(0).has_num());
  EXPECT_TRUE(legacy.net.layer(1).inner_product_param().bias_term());
}

TEST(FuseBatchNormTest, DeconvolutionWithGroups) {
  // 4 inputs, 2 groups of one output channel each: (4, 1, 1, 2).
  const FusedNet fused = Fuse(
      "layer { name: \"in\" type: \"Input\" top: \"x\" } "
      "layer { name: \"dc\" type: \"Deconvolution\" bottom: \"x\" top: \"c\" "
      "  convolution_param { num_output: 2 group: 2 bias_term: false "
      "    kernel_h: 1 kernel_w: 2 } "
      "  blobs { shape { dim: 4 dim: 1 dim: 1 dim: 2 } "
      "    data: [1, 2, 3, 4, 5, 6, 7, 8] } } "
      "layer { name: \"sc\" type: \"Scale\" bottom: \"c\" top: \"c\" "
      "  blobs { data: [10, 100] } } ");
  EXPECT_THAT(FloatValues(fused.net.layer(1).blobs(0)),
              ElementsAre(10, 20, 30, 40, 500, 600, 700, 800));
  // 1 group, 2 inputs, 2 output channels: (2, 2, 1, 2).
  const FusedNet single = Fuse(
      "layer { name: \"in\" type: \"Input\" top: \"x\" } "
      "layer { name: \"dc\" type: \"Deconvolution\" bottom: \"x\" top: \"c\" "
      "  convolution_param { num_output: 2 bias_term: false "
      "    kernel_h: 1 kernel_w: 2 } "
      "  blobs { shape { dim: 2 dim: 2 dim: 1 dim: 2 } "
      "    data: [1, 2, 3, 4, 5, 6, 7, 8] } } "
      "layer { name: \"sc\" type: \"Scale\" bottom: \"c\" top: \"c\" "
      "  blobs { data: [10, 100] } } ");
  EXPECT_THAT(FloatValues(single.net.layer(1).blobs(0)),
              ElementsAre(10, 20, 300, 400, 50, 60, 700, 800));
}

TEST(FuseBatchNormTest, WhatDoesNotFuseStays) {
  const std::string net = absl::StrCat(kConvolution, kBatchNorm, kScale, kTail);
  const auto expect_unfused = [](const std::string& text) {
    const FusedNet fused = Fuse(text);
    EXPECT_THAT(fused.report.fused, IsEmpty()) << text;
  };
  // A second reader of the convolution's output.
  expect_unfused(absl::StrCat(
      kConvolution,
      "layer { name: \"p\" type: \"Pooling\" bottom: \"c\" top: \"p\" } ",
      kBatchNorm));
  expect_unfused(absl::StrCat(
      kConvolution,
      Replace(kBatchNorm, "eps: 1", "eps: 1 use_global_stats: false")));
  expect_unfused(absl::StrCat(kConvolution, Replace(kScale, "scale_param { ",
                                                    "scale_param { axis: 2 ")));
  expect_unfused(absl::StrCat(
      kConvolution,
      Replace(kScale, "scale_param { ", "scale_param { num_axes: 2 ")));
  expect_unfused(
      absl::StrCat(kConvolution, Replace(kScale, "[10, -3]", "[10, -3, 1]")));
  expect_unfused(absl::StrCat(
      kConvolution,
      Replace(kScale, "bottom: \"c\"", "bottom: \"c\" bottom: \"x\"")));
  expect_unfused(absl::StrCat(
      Replace(kConvolution, "top: \"c\"", "top: \"c\" param { name: \"w\" }"),
      kBatchNorm,
      "layer { name: \"o\" bottom: \"c\" top: \"o\" param { name: \"w\" } }"));
  expect_unfused(absl::StrCat(
      Replace(kConvolution, "top: \"c\"", "top: \"c\" loss_weight: 1"),
      kBatchNorm));
  expect_unfused(absl::StrCat(
      Replace(kConvolution, "num_output: 2", "num_output: 4"), kBatchNorm));
  // Weights are missing.
  expect_unfused(
      "layer { name: \"in\" type: \"Input\" top: \"x\" } "
      "layer { name: \"conv\" type: \"Convolution\" bottom: \"x\" top: \"c\" "
      "  convolution_param { num_output: 2 } } "
      "layer { name: \"bn\" type: \"BatchNorm\" bottom: \"c\" top: \"c\" } ");
}

TEST(FuseBatchNormTest, Options) {
  const std::string net = absl::StrCat(kConvolution, kBatchNorm, kScale, kTail);
  FusionOptions options;
  options.do_fusion = false;
  EXPECT_EQ(Names(Fuse(net, options)), "in conv bn sc relu");
  options.do_fusion = true;
  options.skip_fusion_layers = {"conv"};
  EXPECT_EQ(Names(Fuse(net, options)), "in conv bn sc relu");
  options.skip_fusion_layers = {"sc", "nobody"};
  EXPECT_EQ(Names(Fuse(net, options)), "in conv sc relu");
}

TEST(FuseBatchNormTest, VarianceThatHasNoRootIsAnError) {
  for (const char* variance : {"-3", "inf", "nan"}) {
    const std::string text = absl::StrCat(
        kConvolution,
        Replace(kBatchNorm, "[3, 8]", absl::StrCat("[3, ", variance, "]")));
    ASSERT_OK_AND_ASSIGN(caffe::NetParameter net,
                         ParseNetPrototxt(text, "net"));
    const auto fused = FuseBatchNorm(net);
    EXPECT_THAT(fused, HasReason("BATCH_NORM_VARIANCE"));
    EXPECT_EQ(GetErrorMetadata(fused.status()).at("layer"), "bn");
    EXPECT_EQ(GetErrorMetadata(fused.status()).at("channel"), "1");
  }
}

}  // namespace
}  // namespace quantd
