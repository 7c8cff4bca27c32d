#include "engine/integer/integer_weights.h"

#include <string>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

caffe::LayerParameter Parse(const std::string& text) {
  caffe::LayerParameter layer;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &layer));
  return layer;
}

DeployFactors Factors(std::vector<float> scale_w) {
  return {{FakeQuantParams{0.5f, 3, 8}}, std::move(scale_w)};
}

// Blob 0 of a Deconvolution: 1 input, 2 outputs, 2 pixels.
constexpr char kDeconvolution[] =
    "name: 'd' type: 'Deconvolution' "
    "blobs { shape { dim: 1 dim: 2 dim: 1 dim: 2 } "
    "        int8_data: '\\001\\002\\375\\200' } "
    "blobs { shape { dim: 2 } int32_data: [5, -6] }";

TEST(IntegerWeightsTest, ReadsWhatIsStored) {
  const auto weights =
      ReadIntegerWeights(Parse(kDeconvolution), Factors({0.25f, 4}));
  ASSERT_OK(weights);
  EXPECT_THAT(weights->codes, ElementsAre(1, 2, -3, -128));
  EXPECT_THAT(weights->bias, ElementsAre(5, -6));
  EXPECT_THAT(weights->steps, ElementsAre(0.125, 2));
}

TEST(IntegerWeightsTest, FloatsAreTheIntegersTimesTheirSteps) {
  caffe::LayerParameter layer = Parse(kDeconvolution);
  ASSERT_OK(MakeFloatWeights(Factors({0.25f, 4}), &layer));
  EXPECT_THAT(layer.blobs(0).data(), ElementsAre(0.25f, 0.5f, -12, -512));
  EXPECT_THAT(layer.blobs(1).data(), ElementsAre(0.625f, -12));
  EXPECT_TRUE(layer.blobs(0).int8_data().empty());
  EXPECT_EQ(layer.blobs(1).int32_data_size(), 0);
}

// Blobs of an RNN without a static input.
constexpr char kRnn[] =
    "name: 'r' type: 'RNN' "
    "blobs { shape { dim: 1 dim: 2 } int8_data: '\\001\\376' } "
    "blobs { shape { dim: 1 } int32_data: 5 } "
    "blobs { shape { dim: 1 dim: 1 } int8_data: '\\003' } "
    "blobs { shape { dim: 1 dim: 1 } int8_data: '\\004' } "
    "blobs { shape { dim: 1 } int32_data: -6 }";

TEST(IntegerWeightsTest, RecurrentLayersHaveAStepPerWeightBlob) {
  caffe::LayerParameter layer = Parse(kRnn);
  const auto blobs = ReadRecurrentIntegers(layer, Factors({2, 0.25f, 8}));
  ASSERT_OK(blobs);
  ASSERT_EQ(blobs->size(), 5u);
  EXPECT_EQ((*blobs)[1].step, 1);
  EXPECT_TRUE((*blobs)[4].is_bias);
  EXPECT_FALSE((*blobs)[3].is_bias);
  ASSERT_OK(MakeFloatWeights(Factors({2, 0.25f, 8}), &layer));
  EXPECT_THAT(layer.blobs(0).data(), ElementsAre(2, -4));
  EXPECT_THAT(layer.blobs(1).data(), ElementsAre(5));
  EXPECT_THAT(layer.blobs(2).data(), ElementsAre(0.75f));
  EXPECT_THAT(layer.blobs(3).data(), ElementsAre(32));
  EXPECT_THAT(layer.blobs(4).data(), ElementsAre(-6));
  EXPECT_TRUE(layer.blobs(3).int8_data().empty());
}

TEST(IntegerWeightsTest, RecurrentLayersThatDoNotFitAreErrors) {
  caffe::LayerParameter layer = Parse(kRnn);
  EXPECT_THAT(MakeFloatWeights(Factors({2}), &layer),
              HasReason("RECORD_INVALID"));
  layer.mutable_blobs(3)->clear_int8_data();
  EXPECT_THAT(MakeFloatWeights(Factors({2, 2, 2}), &layer),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
  layer = Parse(kRnn);
  layer.mutable_blobs(4)->clear_int32_data();
  EXPECT_THAT(MakeFloatWeights(Factors({2, 2, 2}), &layer),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
}

}  // namespace
}  // namespace quantd::testing
