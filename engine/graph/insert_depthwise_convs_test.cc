#include "engine/graph/insert_depthwise_convs.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/model/prototxt.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::FloatEq;

// A pooled image of two channels, then BatchNorm, Scale, Bias, ReLU.
constexpr char kChain[] = R"(
  layer { name: "data" type: "Input" top: "data"
          input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }
  layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" }
  layer { name: "bn" type: "BatchNorm" bottom: "pool" top: "bn"
          batch_norm_param { eps: 0 }
          blobs { shape { dim: 2 } data: 2 data: 4 }
          blobs { shape { dim: 2 } data: 8 data: 32 }
          blobs { shape { dim: 1 } data: 2 } }
  layer { name: "scale" type: "Scale" bottom: "bn" top: "scale"
          scale_param { bias_term: true }
          blobs { shape { dim: 2 } data: 6 data: 8 }
          blobs { shape { dim: 2 } data: 0.5 data: -0.5 } }
  layer { name: "bias" type: "Bias" bottom: "scale" top: "bias"
          blobs { shape { dim: 2 } data: 10 data: 20 } }
  layer { name: "relu" type: "ReLU" bottom: "bias" top: "relu" })";

FusedNet Net(const std::string& text) {
  FusedNet fused;
  fused.net = *ParseNetPrototxt(text, "net.prototxt");
  return fused;
}

std::vector<std::string> Names(const caffe::NetParameter& net) {
  std::vector<std::string> names;
  for (const caffe::LayerParameter& layer : net.layer()) {
    names.push_back(layer.name());
  }
  return names;
}

TEST(InsertDepthwiseConvsTest, AWholeChainBecomesOneLayer) {
  FusedNet fused = Net(kChain);
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> firsts,
                       InsertDepthwiseConvs({"bn", "scale", "bias"}, &fused));
  EXPECT_THAT(firsts, ElementsAre("bn"));
  ASSERT_THAT(Names(fused.net),
              ElementsAre("data", "pool", "bn_dwconv", "relu"));
  const caffe::LayerParameter& layer = fused.net.layer(2);
  EXPECT_EQ(layer.type(), "DepthwiseConv");
  EXPECT_EQ(layer.bottom(0), "pool");
  EXPECT_EQ(layer.top(0), "bias");
  EXPECT_EQ(layer.convolution_param().num_output(), 2u);
  EXPECT_THAT(layer.convolution_param().kernel_size(), ElementsAre(1));
  EXPECT_FALSE(layer.convolution_param().has_group());
  EXPECT_THAT(layer.blobs(0).shape().dim(), ElementsAre(2, 1, 1, 1));
  // Means 1 and 2, deviations 2 and 4.
  EXPECT_THAT(layer.blobs(0).data(), ElementsAre(FloatEq(3), FloatEq(2)));
  EXPECT_THAT(layer.blobs(1).data(),
              ElementsAre(FloatEq(-3 + 0.5 + 10), FloatEq(-4 - 0.5 + 20)));
  EXPECT_THAT(fused.report.fused.at("bn_dwconv"),
              ElementsAre("bn_dwconv", "bn", "scale", "bias"));
  EXPECT_THAT(fused.report.gains.at("bn_dwconv"),
              ElementsAre(FloatEq(3), FloatEq(2)));
}

TEST(InsertDepthwiseConvsTest, OnlyNamedLayersTakePart) {
  FusedNet fused = Net(kChain);
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> firsts,
                       InsertDepthwiseConvs({"bn", "bias"}, &fused));
  EXPECT_THAT(firsts, ElementsAre("bn", "bias"));
  EXPECT_THAT(Names(fused.net), ElementsAre("data", "pool", "bn_dwconv",
                                            "scale", "bias_dwconv", "relu"));
  EXPECT_EQ(fused.net.layer(2).top(0), "bn");
}

TEST(InsertDepthwiseConvsTest, WhatCannotBeFoldedStays) {
  for (const char* change : {"axis: 2", "num_axes: 2", "axis: -1"}) {
    std::string text = kChain;
    const std::string param = "scale_param { bias_term: true }";
    text.replace(text.find(param), param.size(),
                 absl::StrCat("scale_param { bias_term: true ", change, " }"));
    FusedNet fused = Net(text);
    ASSERT_OK_AND_ASSIGN(const std::vector<std::string> firsts,
                         InsertDepthwiseConvs({"bn", "scale", "bias"}, &fused));
    EXPECT_THAT(firsts, ElementsAre("bn", "bias")) << change;
  }
}

TEST(InsertDepthwiseConvsTest, ASecondReaderEndsTheChain) {
  FusedNet fused = Net(absl::StrCat(
      kChain, R"(layer { name: "tanh" type: "TanH" bottom: "bn" top: "t" })"));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> firsts,
                       InsertDepthwiseConvs({"bn", "scale", "bias"}, &fused));
  EXPECT_THAT(firsts, ElementsAre("bn", "scale"));
  EXPECT_THAT(Names(fused.net), ElementsAre("data", "pool", "bn_dwconv",
                                            "scale_dwconv", "relu", "tanh"));
}

TEST(InsertDepthwiseConvsTest, ATakenNameIsAnError) {
  FusedNet fused = Net(absl::StrCat(
      kChain,
      R"(layer { name: "bn_dwconv" type: "TanH" bottom: "relu" top: "t" })"));
  EXPECT_THAT(InsertDepthwiseConvs({"bn"}, &fused).status(),
              HasReason("LAYER_NAME_NOT_UNIQUE"));
}

TEST(InsertDepthwiseConvsTest, LayersWithoutBlobsStay) {
  FusedNet fused = Net(R"(
    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }
    layer { name: "scale" type: "Scale" bottom: "data" top: "scale" })");
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> firsts,
                       InsertDepthwiseConvs({"scale"}, &fused));
  EXPECT_THAT(firsts, ElementsAre());
  EXPECT_EQ(fused.net.layer(1).name(), "scale");
}

}  // namespace
}  // namespace quantd
