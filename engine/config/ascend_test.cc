#include "engine/config/ascend.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Refusal(const std::string& text) {
  caffe::LayerParameter layer;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &layer));
  return AscendRefusal(layer);
}

TEST(AscendTest, TheGuidesLayersAreQuantized) {
  for (
      const char* layer : {
          "type: 'Convolution'",
          "type: 'Convolution' convolution_param { kernel_size: 3 group: 4 "
          "dilation: 2 }",
          "type: 'Convolution' blobs { shape { dim: 2 dim: 1 dim: 3 dim: 3 } }",
          "type: 'Convolution' blobs { num: 2 channels: 1 height: 3 width: 3 }",
          "type: 'Deconvolution' convolution_param { dilation: 1 }",
          "type: 'InnerProduct'",
          "type: 'InnerProduct' inner_product_param { axis: 1 }",
          "type: 'Pooling' pooling_param { pool: AVE kernel_size: 2 }",
      }) {
    EXPECT_THAT(Refusal(layer), IsEmpty()) << layer;
  }
}

TEST(AscendTest, AllOthersAreRefusedWithAReason) {
  const struct {
    const char* layer;
    const char* part;
  } cases[] = {
      {"type: 'Convolution' convolution_param { kernel_size: 3 kernel_size: 3 "
       "kernel_size: 3 }",
       "four axes"},
      {"type: 'Convolution' blobs { shape { dim: 2 dim: 1 dim: 3 } }",
       "four axes"},
      {"type: 'Deconvolution' convolution_param { dilation: 1 dilation: 2 }",
       "dilation"},
      {"type: 'InnerProduct' inner_product_param { transpose: true }",
       "transpose"},
      {"type: 'InnerProduct' inner_product_param { axis: 2 }", "than 1"},
      {"type: 'Pooling'", "average"},
      {"type: 'Pooling' pooling_param { pool: AVE global_pooling: true }",
       "global"},
      {"type: 'Eltwise'", "Eltwise"},
      {"type: 'DepthwiseConv'", "DepthwiseConv"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Refusal(c.layer), HasSubstr(c.part)) << c.layer;
  }
}

TEST(AscendTest, Types) {
  EXPECT_TRUE(IsAscendType("Pooling"));
  EXPECT_FALSE(IsAscendType("Softmax"));
}

}  // namespace
}  // namespace quantd
