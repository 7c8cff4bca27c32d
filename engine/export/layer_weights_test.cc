#include "engine/export/layer_weights.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

caffe::LayerParameter Layer(const std::string& text) {
  caffe::LayerParameter layer;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &layer));
  return layer;
}

amct::SingleLayerRecord Scales(const std::vector<float>& scales) {
  amct::SingleLayerRecord record;
  record.mutable_scale_w()->Assign(scales.begin(), scales.end());
  return record;
}

TEST(LayerWeightsTest, ConvolutionChannelsAreTheFirstAxis) {
  const auto layer = Layer(R"pb(
    name: "c"
    type: "Convolution"
    blobs {
      shape { dim: 2 dim: 1 dim: 1 dim: 2 }
      data: [ 1.0, -0.5, 4.0, 8.0 ]
    })pb");
  ASSERT_OK_AND_ASSIGN(const auto codes,
                       WeightCodes(layer, Scales({0.5f, 0.0625f})));
  EXPECT_THAT(codes, ElementsAre(2, -1, 64, 127));
}

// (cin 2, cout 2, kernel 1): rows are channels, the blob is inputs first.
TEST(LayerWeightsTest, RowsAreStoredWhereTheyCameFrom) {
  auto layer = Layer(R"pb(
    name: "d"
    type: "Deconvolution"
    blobs {
      shape { dim: 2 dim: 2 dim: 1 dim: 1 }
      double_data: [ 1, 2, 3, 4 ]
    }
  )pb");
  ASSERT_OK_AND_ASSIGN(const auto rows, ChannelRows(layer));
  EXPECT_THAT(rows, ElementsAre(1, 3, 2, 4));
  ASSERT_OK(StoreChannelRows({10, 30, 20, 40}, &layer));
  EXPECT_THAT(layer.blobs(0).data(), ElementsAre(10, 20, 30, 40));
  EXPECT_EQ(layer.blobs(0).double_data_size(), 0);
}

// 4-bit weights have the codes of 8 bits.
TEST(LayerWeightsTest, CodesOfClusteredWeights) {
  const auto layer = Layer(R"pb(
    name: "c"
    type: "Convolution"
    blobs {
      shape { dim: 1 dim: 3 }
      data: [ -100, 3, 127 ]
    })pb");
  amct::SingleLayerRecord record = Scales({1});
  record.set_num_bits_w(4);
  ASSERT_OK_AND_ASSIGN(const auto codes, WeightCodes(layer, record));
  EXPECT_THAT(codes, ElementsAre(-100, 3, 127));
}

TEST(LayerWeightsTest, OneStepForAllAndHalfAwayFromZero) {
  const auto layer = Layer(R"pb(
    name: "ip"
    type: "InnerProduct"
    blobs {
      num: 1
      channels: 1
      height: 2
      width: 2
      data: [ .5, 1.5, -.5, -200 ]
    }
  )pb");
  ASSERT_OK_AND_ASSIGN(const auto codes, WeightCodes(layer, Scales({1})));
  EXPECT_THAT(codes, ElementsAre(1, 2, -1, -128));
}

// Shape (cin 4, cout / g 3, kernel 2) with g = 2: every element's value is the
// number of its output channel, so with scale 1 codes are channels.
TEST(LayerWeightsTest, DeconvolutionChannelsAreGroupThenSecondAxis) {
  auto layer = Layer(R"pb(
    name: "d"
    type: "Deconvolution"
    convolution_param { group: 2 }
    blobs { shape { dim: 4 dim: 3 dim: 2 dim: 1 } }
  )pb");
  std::vector<int> channels;
  for (int ci = 0; ci < 4; ++ci) {
    for (int co = 0; co < 3; ++co) {
      for (int k = 0; k < 2; ++k) channels.push_back(ci / 2 * 3 + co);
    }
  }
  for (int channel : channels) layer.mutable_blobs(0)->add_data(channel);

  ASSERT_OK_AND_ASSIGN(const WeightLayout layout, WeightLayoutOf(layer));
  EXPECT_EQ(layout.num_channels(), 6);
  ASSERT_EQ(layout.num_elements(), 24);
  for (int i = 0; i < 24; ++i) EXPECT_EQ(layout.ChannelOf(i), channels[i]);

  ASSERT_OK_AND_ASSIGN(const auto rows, ChannelRows(layer));
  for (int i = 0; i < 24; ++i) EXPECT_EQ(rows[i], i / 4);

  // Twice the step in channel 5 halves its codes; the others keep theirs.
  ASSERT_OK_AND_ASSIGN(const auto codes,
                       WeightCodes(layer, Scales({1, 1, 1, 1, 1, 5})));
  for (int i = 0; i < 24; ++i) {
    EXPECT_EQ(codes[i], channels[i] == 5 ? 1 : channels[i]) << i;
  }
}

TEST(LayerWeightsTest, WrongNumberOfScalesNamesTheLayer) {
  const auto layer = Layer(R"pb(
    name: "c"
    type: "Convolution"
    blobs {
      shape { dim: 2 }
      data: [ 1, 2 ]
    }
  )pb");
  const auto codes = WeightCodes(layer, Scales({1, 1, 1}));
  EXPECT_THAT(codes, HasReason("RECORD_INVALID"));
  EXPECT_THAT(codes,
              StatusIs(absl::StatusCode::kInvalidArgument, "layer \"c\""));
}

TEST(LayerWeightsTest, ImpossibleBlobsAreErrors) {
  const char* const blobs[] = {
      "", "blobs { shape { dim: 0 dim: 1 } }",
      "blobs { shape { dim: 3 dim: 1 } data: [ 1, 2, 3 ] }",
      "blobs { shape { dim: 2 dim: 2 } data: [ 1, 2, 3 ] }",
      "blobs { shape { dim: 2147483648 dim: 2147483648 } }"};
  for (const char* blob : blobs) {
    const auto layer = Layer(std::string("name: 'd' type: 'Deconvolution' "
                                         "convolution_param { group: 2 } ") +
                             blob);
    EXPECT_FALSE(WeightCodes(layer, Scales({1})).ok()) << blob;
  }
}

TEST(LayerWeightsTest, BiasRoundsHalfToEven) {
  ASSERT_OK_AND_ASSIGN(
      const auto codes,
      BiasCodes("c", std::vector<float>{0.5f, 1.5f, 2.5f, -0.5f, -1.5f},
                std::vector<float>{1}));
  EXPECT_THAT(codes, ElementsAre(0, 2, 2, 0, -2));
}

TEST(LayerWeightsTest, BiasScalesAreFloatProducts) {
  EXPECT_THAT(BiasScales(Scales({0.1f, 0.2f}), 0.3f),
              ElementsAreArray({0.1f * 0.3f, 0.2f * 0.3f}));
}

TEST(LayerWeightsTest, BiasBeyondInt32NamesLayerAndLimits) {
  const auto codes =
      BiasCodes("conv1", std::vector<float>{0, 1e10f}, std::vector<float>{1});
  EXPECT_THAT(codes, HasReason("BIAS_OUT_OF_RANGE"));
  EXPECT_THAT(codes,
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "of layer \"conv1\" exceed int32 range:[-2147483648, "
                       "2147483647], please add it to skip layer."));
  EXPECT_OK(BiasCodes("c", std::vector<float>{-2147483648.0f},
                      std::vector<float>{1}));
  EXPECT_FALSE(
      BiasCodes("c", std::vector<float>{2147483648.0f}, std::vector<float>{1})
          .ok());
  EXPECT_FALSE(
      BiasCodes("c", std::vector<float>{0.0f}, std::vector<float>{0}).ok());
}

// Blobs of an RNN of one input and one output: W_xh, b_h, W_hh, W_ho, b_o.
constexpr char kRnn[] = R"pb(
  name: "r"
  type: "RNN"
  blobs {
    shape { dim: 1 dim: 2 }
    data: [ 1, -2 ]
  }
  blobs {
    shape { dim: 1 }
    data: [ 3 ]
  }
  blobs {
    shape { dim: 1 dim: 1 }
    double_data: [ 1 ]
  }
  blobs {
    shape { dim: 1 dim: 1 }
    data: [ 1.3 ]
  }
  blobs {
    shape { dim: 1 }
    data: [ -0.6 ]
  }
)pb";

TEST(LayerWeightsTest, EveryWeightBlobOfARecurrentLayerHasItsStep) {
  const auto layer = Layer(kRnn);
  const auto scales = Scales({0.5f, 0.25f, 0.125f});
  EXPECT_THAT(*WeightCodes(layer, scales), ElementsAre(2, -4));
  EXPECT_THAT(*WeightCodes(layer, scales, 1), ElementsAre(4));
  EXPECT_THAT(*WeightCodes(layer, scales, 2), ElementsAre(10));
  EXPECT_FALSE(WeightCodes(layer, scales, 3).ok());
  const auto codes = WeightCodes(layer, Scales({1, 1}));
  EXPECT_THAT(codes, HasReason("RECORD_INVALID"));
  EXPECT_THAT(codes, StatusIs(absl::StatusCode::kInvalidArgument,
                              "scale_w has 2 values; one per weight blob (3)"));
}

TEST(LayerWeightsTest, RoundedWeightsAreCodesTimesTheirSteps) {
  auto layer = Layer(kRnn);
  ASSERT_OK(RoundWeights(Scales({0.5f, 0.25f, 0.125f}), &layer));
  EXPECT_THAT(layer.blobs(0).data(), ElementsAre(1, -2));
  EXPECT_THAT(layer.blobs(1).data(), ElementsAre(3));
  EXPECT_THAT(layer.blobs(2).data(), ElementsAre(1));
  EXPECT_EQ(layer.blobs(2).double_data_size(), 0);
  EXPECT_THAT(layer.blobs(3).data(), ElementsAre(1.25f));
  EXPECT_THAT(layer.blobs(4).data(), ElementsAre(-0.6f));
}

TEST(LayerWeightsTest, BiasesOfARecurrentLayerHaveTheFirstStep) {
  ASSERT_OK_AND_ASSIGN(
      const auto biases,
      QuantizeBiases(Layer(kRnn), Scales({0.5f, 4, 8}), 0.25f));
  ASSERT_EQ(biases.size(), 2u);
  EXPECT_EQ(biases[0].blob, 1);
  EXPECT_THAT(biases[0].codes, ElementsAre(24));
  EXPECT_THAT(biases[0].values, ElementsAre(3));
  EXPECT_EQ(biases[1].blob, 4);
  EXPECT_THAT(biases[1].codes, ElementsAre(-5));
  EXPECT_THAT(biases[1].values, ElementsAre(-0.625f));
}

TEST(LayerWeightsTest, ABiasOfAConvolutionHasAStepPerChannel) {
  ASSERT_OK_AND_ASSIGN(const auto biases,
                       QuantizeBiases(Layer(R"pb(
                                        type: "Convolution"
                                        blobs { shape { dim: 2 dim: 1 } }
                                        blobs {
                                          shape { dim: 2 }
                                          data: [ 1, 1 ]
                                        }
                                      )pb"),
                                      Scales({0.5f, 0.25f}), 1));
  ASSERT_EQ(biases.size(), 1u);
  EXPECT_THAT(biases[0].codes, ElementsAre(2, 4));
  EXPECT_THAT(biases[0].values, ElementsAre(1, 1));
}

}  // namespace
}  // namespace quantd
