#include "engine/config/quantizable.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

caffe::LayerParameter Layer(const char* type, int num_bottoms) {
  caffe::LayerParameter layer;
  layer.set_type(type);
  for (int i = 0; i < num_bottoms; ++i) layer.add_bottom("b");
  return layer;
}

TEST(QuantizableTest, ClassesOfTypes) {
  for (const char* type :
       {"Convolution", "DepthwiseConv", "DepthwiseConvolution", "InnerProduct",
        "Deconvolution", "LSTM", "RNN", "GRU"}) {
    EXPECT_EQ(QuantClassOf(type), QuantClass::kWeightsAndData) << type;
  }
  for (const char* type :
       {"Pooling", "Eltwise", "Concat", "Softmax", "LRN", "Flatten", "Mvm",
        "MVN", "PassThrough", "Upsample", "ArgMax", "Ceil", "BNLL", "Axpy"}) {
    EXPECT_EQ(QuantClassOf(type), QuantClass::kData) << type;
  }
  for (const char* type : {"ReLU", "PReLU", "Scale", "BatchNorm", "Bias",
                           "AbsVal", "Unpooling", "Erf", "ReduceMax"}) {
    EXPECT_EQ(QuantClassOf(type), QuantClass::kDataOffByDefault) << type;
  }
  for (const char* type : {"Input", "Data", "Dropout", "SoftmaxWithLoss",
                           "Accuracy", "Quant", "", "convolution"}) {
    EXPECT_EQ(QuantClassOf(type), QuantClass::kNever) << type;
  }
}

TEST(QuantizableTest, OnlyConvolutionsHaveChannels) {
  EXPECT_TRUE(AllowsChannelWise("DepthwiseConv"));
  EXPECT_TRUE(AllowsChannelWise("DepthwiseConvolution"));
  EXPECT_FALSE(AllowsChannelWise("InnerProduct"));
}

TEST(QuantizableTest, BottomsThatCarryNoDataAreLeftOut) {
  EXPECT_THAT(QuantizedBottoms(Layer("Convolution", 1)), ElementsAre(0));
  EXPECT_THAT(QuantizedBottoms(Layer("Concat", 3)), ElementsAre(0, 1, 2));
  EXPECT_THAT(QuantizedBottoms(Layer("ROIPooling", 2)), ElementsAre(0));
  EXPECT_THAT(QuantizedBottoms(Layer("Crop", 2)), ElementsAre(0));
  EXPECT_THAT(QuantizedBottoms(Layer("LSTM", 3)), ElementsAre(0, 2));
  EXPECT_THAT(QuantizedBottoms(Layer("Accuracy", 2)), IsEmpty());
}

}  // namespace
}  // namespace quantd
