#include "engine/config/quantizable.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

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

caffe::LayerParameter Recurrent(const std::string& type, int num_bottoms,
                                int num_blobs, bool exposed = false) {
  caffe::LayerParameter layer = Layer(type.c_str(), num_bottoms);
  for (int i = 0; i < num_blobs; ++i) layer.add_blobs();
  layer.mutable_recurrent_param()->set_expose_hidden(exposed);
  return layer;
}

TEST(QuantizableTest, StatesThatARecurrentLayerStartsWithStayFloat) {
  EXPECT_THAT(QuantizedBottoms(Recurrent("LSTM", 4, 3, true)), ElementsAre(0));
  EXPECT_THAT(QuantizedBottoms(Recurrent("LSTM", 5, 4, true)),
              ElementsAre(0, 2));
  EXPECT_THAT(QuantizedBottoms(Recurrent("GRU", 3, 3, true)), ElementsAre(0));
  EXPECT_THAT(QuantizedBottoms(Recurrent("RNN", 4, 6, true)),
              ElementsAre(0, 2));
  EXPECT_THAT(QuantizedBottoms(Recurrent("RNN", 3, 6)), ElementsAre(0, 2));
}

TEST(QuantizableTest, WeightsAndBiases) {
  const auto blobs = [](const caffe::LayerParameter& layer) {
    return std::make_pair(WeightBlobs(layer), BiasBlobs(layer));
  };
  using Blobs = std::vector<int>;
  EXPECT_THAT(blobs(Recurrent("Convolution", 1, 0)), Pair(Blobs(), Blobs()));
  EXPECT_THAT(blobs(Recurrent("Convolution", 1, 1)), Pair(Blobs{0}, Blobs()));
  EXPECT_THAT(blobs(Recurrent("InnerProduct", 1, 3)), Pair(Blobs{0}, Blobs{1}));
  EXPECT_THAT(blobs(Recurrent("LSTM", 2, 3)), Pair(Blobs{0, 2}, Blobs{1}));
  EXPECT_THAT(blobs(Recurrent("GRU", 3, 4)), Pair(Blobs{0, 2, 3}, Blobs{1}));
  EXPECT_THAT(blobs(Recurrent("RNN", 2, 5)), Pair(Blobs{0, 2, 3}, Blobs{1, 4}));
  EXPECT_THAT(blobs(Recurrent("RNN", 3, 6)),
              Pair(Blobs{0, 2, 3, 4}, Blobs{1, 5}));
}

TEST(QuantizableTest, NumberOfARecurrentLayersBlobs) {
  EXPECT_EQ(NumRecurrentBlobs(Recurrent("LSTM", 2, 0)), 3);
  EXPECT_EQ(NumRecurrentBlobs(Recurrent("LSTM", 4, 0, true)), 3);
  EXPECT_EQ(NumRecurrentBlobs(Recurrent("LSTM", 5, 0, true)), 4);
  EXPECT_EQ(NumRecurrentBlobs(Recurrent("GRU", 3, 0)), 4);
  EXPECT_EQ(NumRecurrentBlobs(Recurrent("RNN", 2, 0)), 5);
  EXPECT_EQ(NumRecurrentBlobs(Recurrent("RNN", 4, 0, true)), 6);
}

}  // namespace
}  // namespace quantd
