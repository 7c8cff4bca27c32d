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

// Blobs of an RNN without a static input.
constexpr char kRnn[] =
    "name: 'r' type: 'RNN' "
    "blobs { shape { dim: 1 dim: 2 } int8_data: '\\001\\376' } "
    "blobs { shape { dim: 1 } int32_data: 5 } "
    "blobs { shape { dim: 1 dim: 1 } int8_data: '\\003' } "
    "blobs { shape { dim: 1 dim: 1 } int8_data: '\\004' } "
    "blobs { shape { dim: 1 } int32_data: -6 }";

TEST(IntegerWeightsTest, RecurrentLayersHaveAStepPerWeightBlob) {
  const auto blobs = ReadRecurrentIntegers(Parse(kRnn), Factors({2, 0.25f, 8}));
  ASSERT_OK(blobs);
  ASSERT_EQ(blobs->size(), 5u);
  EXPECT_THAT((*blobs)[0].codes, ElementsAre(1, -2));
  EXPECT_EQ((*blobs)[0].step, 2);
  EXPECT_EQ((*blobs)[0].shape, Shape({1, 2}));
  EXPECT_EQ((*blobs)[1].step, 1);
  EXPECT_EQ((*blobs)[2].step, 0.25);
  EXPECT_THAT((*blobs)[3].codes, ElementsAre(4));
  EXPECT_EQ((*blobs)[3].step, 8);
  EXPECT_FALSE((*blobs)[3].is_bias);
  EXPECT_THAT((*blobs)[4].codes, ElementsAre(-6));
  EXPECT_EQ((*blobs)[4].step, 1);
  EXPECT_TRUE((*blobs)[4].is_bias);
}

TEST(IntegerWeightsTest, RecurrentLayersThatDoNotFitAreErrors) {
  const auto read = [](const caffe::LayerParameter& layer,
                       std::vector<float> scale_w) {
    return ReadRecurrentIntegers(layer, Factors(std::move(scale_w))).status();
  };
  caffe::LayerParameter layer = Parse(kRnn);
  EXPECT_THAT(read(layer, {2}), HasReason("RECORD_INVALID"));
  layer.mutable_blobs(3)->clear_int8_data();
  EXPECT_THAT(read(layer, {2, 2, 2}), HasReason("MODEL_WEIGHTS_MISMATCH"));
  layer = Parse(kRnn);
  layer.mutable_blobs(4)->clear_int32_data();
  EXPECT_THAT(read(layer, {2, 2, 2}), HasReason("MODEL_WEIGHTS_MISMATCH"));
  layer = Parse(kRnn);
  layer.mutable_blobs()->RemoveLast();
  EXPECT_THAT(read(layer, {2, 2, 2}), HasReason("MODEL_WEIGHTS_MISMATCH"));
  // The static input, whose weights are integers, is float.
  layer = Parse(kRnn);
  for (const char* bottom : {"x", "cont", "s"}) layer.add_bottom(bottom);
  *layer.add_blobs() = layer.blobs(4);
  *layer.mutable_blobs(4) = layer.blobs(3);
  EXPECT_THAT(read(layer, {2, 2, 2, 2}), HasReason("RECORD_INCOMPLETE"));
}

}  // namespace
}  // namespace quantd::testing
