#include "engine/export/dequant_layers.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::google::protobuf::TextFormat;
using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

TEST(DequantFactorTest, BitsOfAPackedFactor) {
  // 1.0 is 0x3F800000, 0.00390625 (2^-8) 0x3B800000, -0.5 0xBF000000.
  EXPECT_EQ(PackDequantFactor({1.0f}), 0x3F800000u);
  EXPECT_EQ(PackDequantFactor({0.00390625f, 3}), 0x00000003'3B800000u);
  EXPECT_EQ(PackDequantFactor({1.0f, 16, -1}), 0x0000FF10'3F800000u);
  EXPECT_EQ(PackDequantFactor({-0.5f, 0, 127}), 0x00007F00'BF000000u);
  for (const DequantFactor& factor :
       {DequantFactor{1e-7f, 16, -128}, DequantFactor{8388608.0f, 1, 127}}) {
    const DequantFactor back = UnpackDequantFactor(PackDequantFactor(factor));
    EXPECT_EQ(back.scale, factor.scale);
    EXPECT_EQ(back.shift_bit, factor.shift_bit);
    EXPECT_EQ(back.offset_w, factor.offset_w);
  }
}

TEST(DequantFactorTest, OneForEachStepOfTheWeights) {
  const auto factors = DequantFactorsOf(Parse<amct::SingleLayerRecord>(
      "scale_w: [0.5, 0.25] offset_w: [0, 0] shift_bit: [3, 4]"
      "record_d { index: 0 scale_d: 0.5 }"));
  ASSERT_EQ(factors.size(), 2);
  EXPECT_EQ(factors[0].scale, 0.25f);
  EXPECT_EQ(factors[1].scale, 0.125f);
  EXPECT_EQ(factors[1].shift_bit, 4);
  // Without weights (pooling) the data's step alone.
  const auto pooling = DequantFactorsOf(
      Parse<amct::SingleLayerRecord>("record_d { index: 0 scale_d: 0.5 }"));
  ASSERT_EQ(pooling.size(), 1);
  EXPECT_EQ(pooling[0].scale, 0.5f);
  EXPECT_EQ(pooling[0].shift_bit, 0);
}

class InsertDequantTest : public ::testing::Test {
 protected:
  InsertDequantTest()
      : net_(Parse<caffe::NetParameter>(R"pb(
          layer { name: "data" type: "Input" top: "data" }
          layer { name: "conv" type: "Convolution" bottom: "data" top: "c" }
          layer { name: "relu" type: "ReLU" bottom: "c" top: "r" }
          layer { name: "pool" type: "Pooling" bottom: "r" top: "p" }
          layer { name: "other" type: "Convolution" bottom: "p" top: "o" }
        )pb")),
        record_(Parse<amct::ScaleOffsetRecord>(R"pb(
          record {
            key: "conv"
            value {
              scale_w: [ 0.5, 2 ]
              offset_w: [ 0, 0 ]
              shift_bit: [ 1, 2 ]
              record_d { index: 0 scale_d: 2 }
            }
          }
          record {
            key: "pool"
            value { record_d { index: 0 scale_d: 0.5 offset_d: -128 } }
          }
        )pb")) {
    plan_.blobs.resize(2);
    plan_.blobs[0].blob = "data";
    plan_.blobs[0].consumers = {{1, "conv", 0}};
    plan_.blobs[1].blob = "r";
    plan_.blobs[1].consumers = {{3, "pool", 0}};
  }

  absl::StatusOr<caffe::NetParameter> Insert(DequantBlobs blobs) {
    return InsertDequantLayers(net_, plan_, record_, blobs);
  }

  caffe::NetParameter net_;
  QuantPlan plan_;
  amct::ScaleOffsetRecord record_;
};

TEST_F(InsertDequantTest, StandsBehindEachQuantizedLayer) {
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       Insert(DequantBlobs::kPacked));
  const caffe::NetParameter expected = Parse<caffe::NetParameter>(R"pb(
    layer { name: "data" type: "Input" top: "data" }
    layer {
      name: "conv"
      type: "Convolution"
      bottom: "data"
      top: "conv_quantized"
    }
    layer {
      name: "conv_dequant_layer"
      type: "DeQuant"
      bottom: "conv_quantized"
      top: "c"
      blobs {
        shape { dim: 2 }
        uint64_data: [ 0x13F800000, 0x240800000 ]
      }
      dequant_param {
        channel_wise: true
        object_layer: "conv"
        layer_type: "Convolution"
      }
    }
    layer { name: "relu" type: "ReLU" bottom: "c" top: "r" }
    layer { name: "pool" type: "Pooling" bottom: "r" top: "pool_quantized" }
    layer {
      name: "pool_dequant_layer"
      type: "DeQuant"
      bottom: "pool_quantized"
      top: "p"
      blobs {
        shape { dim: 1 }
        uint64_data: [ 0x3F000000 ]
      }
      dequant_param {
        channel_wise: false
        object_layer: "pool"
        layer_type: "Pooling"
      }
    }
    layer { name: "other" type: "Convolution" bottom: "p" top: "o" }
  )pb");
  EXPECT_EQ(net.DebugString(), expected.DebugString());
}

TEST_F(InsertDequantTest, TheFakeQuantModelHasThreeBlobs) {
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       Insert(DequantBlobs::kFloats));
  const caffe::LayerParameter& dequant = net.layer(2);
  ASSERT_EQ(dequant.name(), "conv_dequant_layer");
  ASSERT_EQ(dequant.blobs_size(), 3);
  EXPECT_THAT(dequant.blobs(0).data(), ElementsAre(1, 4));
  EXPECT_THAT(dequant.blobs(1).data(), ElementsAre(1, 2));
  EXPECT_THAT(dequant.blobs(2).data(), ElementsAre(0, 0));
  EXPECT_THAT(dequant.blobs(1).shape().dim(), ElementsAre(2));
}

TEST_F(InsertDequantTest, NamesInUseAreRefused) {
  net_.mutable_layer(2)->set_name("conv_dequant_layer");
  EXPECT_THAT(Insert(DequantBlobs::kPacked), HasReason("MODEL_INVALID"));
  net_.mutable_layer(2)->set_name("relu");
  net_.mutable_layer(4)->set_top(0, "pool_quantized");
  EXPECT_THAT(Insert(DequantBlobs::kPacked), HasReason("MODEL_INVALID"));
}

}  // namespace
}  // namespace quantd
