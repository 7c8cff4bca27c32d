#include "engine/integer/cann_factors.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

// 0x3E000000 is 0.125, 0x3D800000 0.0625.
const char kNet[] = R"pb(
  layer { name: "data" type: "Input" top: "data" }
  layer {
    name: "q"
    type: "Quant"
    bottom: "data"
    top: "q"
    quant_param { scale: 4 offset: -14 }
  }
  layer {
    name: "conv"
    type: "Convolution"
    bottom: "q"
    top: "sums"
    blobs {
      shape { dim: 2 dim: 1 dim: 1 dim: 1 }
      int8_data: "\001\377"
    }
  }
  layer {
    name: "dq"
    type: "DeQuant"
    bottom: "sums"
    top: "c"
    blobs {
      shape { dim: 2 }
      uint64_data: [ 0x13E000000, 0x23D800000 ]
    }
  }
  layer { name: "sum" type: "Eltwise" bottom: "c" bottom: "data" top: "s" }
)pb";

class CannFactorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(kNet, &net_));
  }

  caffe::NetParameter net_;
};

TEST_F(CannFactorsTest, QuantLayersBecomeFactors) {
  EXPECT_TRUE(HasQuantLayers(net_));
  ASSERT_OK_AND_ASSIGN(const auto factors, TakeCannFactors(&net_));
  ASSERT_EQ(net_.layer_size(), 4);
  ASSERT_EQ(factors.size(), 4);
  EXPECT_EQ(net_.layer(1).bottom(0), "data");
  ASSERT_TRUE(factors[1].inputs[0].has_value());
  EXPECT_EQ(factors[1].inputs[0]->scale, 0.25f);
  EXPECT_EQ(factors[1].inputs[0]->offset, -14);
  EXPECT_EQ(factors[1].inputs[0]->num_bits, 8);
  EXPECT_THAT(factors[1].scale_w, ElementsAre(0.5f, 0.25f));
  // Float inputs.
  ASSERT_EQ(factors[3].inputs.size(), 2);
  EXPECT_FALSE(factors[3].inputs[0].has_value());
  EXPECT_FALSE(factors[3].inputs[1].has_value());
  EXPECT_TRUE(factors[3].scale_w.empty());

  const caffe::LayerParameter& dequant = net_.layer(2);
  ASSERT_EQ(dequant.blobs_size(), 3);
  EXPECT_THAT(dequant.blobs(0).data(), ElementsAre(0.125f, 0.0625f));
  EXPECT_THAT(dequant.blobs(1).data(), ElementsAre(1, 2));
  EXPECT_THAT(dequant.blobs(2).data(), ElementsAre(0, 0));
  EXPECT_TRUE(HasQuantLayers(net_));  // DeQuant.
}

TEST_F(CannFactorsTest, WhatIsMissingIsNamed) {
  caffe::NetParameter net = net_;
  net.mutable_layer(3)->mutable_blobs(0)->clear_uint64_data();
  EXPECT_THAT(TakeCannFactors(&net), HasReason("MODEL_WEIGHTS_MISMATCH"));
  net = net_;
  net.mutable_layer(3)->mutable_blobs(0)->set_uint64_data(
      0, 0x0000'0100'3E00'0000);
  EXPECT_THAT(TakeCannFactors(&net), HasReason("NETWORK_UNSUPPORTED"));
  net = net_;
  net.mutable_layer(3)->mutable_blobs(0)->set_uint64_data(0, 0);
  EXPECT_THAT(TakeCannFactors(&net), HasReason("MODEL_INVALID"));
  net = net_;
  net.mutable_layer(3)->set_bottom(0, "q");
  EXPECT_THAT(TakeCannFactors(&net), HasReason("MODEL_INVALID"));
  net = net_;
  net.mutable_layer(2)->set_bottom(0, "data");
  EXPECT_THAT(TakeCannFactors(&net), HasReason("MODEL_INVALID"));
  net = net_;
  net.mutable_layer(1)->mutable_quant_param()->set_offset(200);
  EXPECT_THAT(TakeCannFactors(&net), HasReason("MODEL_INVALID"));
  net = net_;
  net.mutable_layer(1)->clear_top();
  EXPECT_THAT(TakeCannFactors(&net), HasReason("MODEL_INVALID"));
}

TEST(HasQuantLayersTest, FalseForFloatModels) {
  EXPECT_FALSE(HasQuantLayers(caffe::NetParameter()));
}

}  // namespace
}  // namespace quantd
