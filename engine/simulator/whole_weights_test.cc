#include "engine/simulator/whole_weights.h"

#include <cmath>
#include <limits>
#include <string>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Steps that are not exact in binary, as a record has them.
const float kScaleA = ScaleOfInverse(583.214f);
const float kScaleB = ScaleOfInverse(97.3f);
const FakeQuantParams kInput = {ScaleOfInverse(13.7f), -128, 8};

caffe::LayerParameter Layer(const std::string& text) {
  caffe::LayerParameter layer;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &layer));
  return layer;
}

void AddBlob(const std::vector<int64_t>& dims, const std::vector<float>& values,
             caffe::LayerParameter* layer) {
  caffe::BlobProto* blob = layer->add_blobs();
  for (int64_t dim : dims) blob->mutable_shape()->add_dim(dim);
  blob->mutable_data()->Assign(values.begin(), values.end());
}

std::vector<float> Times(const std::vector<float>& codes, float step) {
  std::vector<float> values;
  for (float code : codes) values.push_back(code * step);
  return values;
}

std::vector<float> Joined(std::vector<float> a, const std::vector<float>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(WholeWeightsTest, ChannelsHaveTheirOwnSteps) {
  caffe::LayerParameter layer =
      Layer("type: 'Convolution' convolution_param { num_output: 2 }");
  AddBlob({2, 1, 1, 3},
          Joined(Times({-127, 3, 50}, kScaleA), Times({0, 127, -100}, kScaleB)),
          &layer);
  AddBlob({2},
          {77 * (kScaleA * kInput.scale), -1e5f * (kScaleB * kInput.scale)},
          &layer);
  const auto weights = FindWholeWeights(layer, kInput);
  ASSERT_TRUE(weights.has_value());
  EXPECT_THAT(weights->codes, ElementsAre(-127, 3, 50, 0, 127, -100));
  EXPECT_THAT(weights->bias, ElementsAre(77, -1e5f));
  EXPECT_THAT(weights->steps,
              ElementsAre(kScaleA * kInput.scale, kScaleB * kInput.scale));
  // q - offset is in [0, 255]: of one sign only.
  EXPECT_EQ(weights->largest_sum, 255 * 127 + 1e5);
}

TEST(WholeWeightsTest, SumsOfInputsOfBothSignsAddUp) {
  caffe::LayerParameter layer =
      Layer("type: 'InnerProduct' inner_product_param { num_output: 1 }");
  AddBlob({1, 2}, Times({127, -100}, kScaleA), &layer);
  const auto weights = FindWholeWeights(layer, {1, 0, 8});
  ASSERT_TRUE(weights.has_value());
  EXPECT_THAT(weights->bias, IsEmpty());
  EXPECT_EQ(weights->largest_sum, 127 * 100 + 128 * 127);
  EXPECT_EQ(FindWholeWeights(layer, {1, -1000, 12})->largest_sum,
            3047 * 127 + 1048 * 100);
}

TEST(WholeWeightsTest, OneStepOfAllChannelsIsFoundFromAll) {
  // The second channel alone would have a step three times as large.
  caffe::LayerParameter layer =
      Layer("type: 'InnerProduct' inner_product_param { num_output: 2 }");
  AddBlob({2, 2}, Times({120, 7, 30, 3}, kScaleA), &layer);
  const auto weights = FindWholeWeights(layer, kInput);
  ASSERT_TRUE(weights.has_value());
  EXPECT_THAT(weights->codes, ElementsAre(120, 7, 30, 3));
}

TEST(WholeWeightsTest, OutputChannelsOfOtherLayouts) {
  caffe::LayerParameter transposed = Layer(
      "type: 'InnerProduct' inner_product_param { num_output: 2 "
      "transpose: true }");
  AddBlob({3, 2}, Times({127, 1, 127, 2, 127, 4}, kScaleA), &transposed);
  AddBlob({2}, {0, 0}, &transposed);
  auto weights = FindWholeWeights(transposed, kInput);
  ASSERT_TRUE(weights.has_value());
  EXPECT_THAT(weights->codes, ElementsAre(127, 1, 127, 2, 127, 4));
  EXPECT_EQ(weights->largest_sum, 255 * 3 * 127);

  // (cin, cout / g, k): channels are (0, 0), (0, 1), (1, 0), (1, 1).
  caffe::LayerParameter spread = Layer(
      "type: 'Deconvolution' convolution_param { num_output: 4 group: 2 }");
  AddBlob({4, 2, 1, 1},
          {127 * kScaleA, 127 * kScaleB, 5 * kScaleA, 6 * kScaleB,
           127 * kScaleB, 127 * kScaleA, 7 * kScaleB, 8 * kScaleA},
          &spread);
  weights = FindWholeWeights(spread, kInput);
  ASSERT_TRUE(weights.has_value());
  EXPECT_THAT(weights->codes, ElementsAre(127, 127, 5, 6, 127, 127, 7, 8));
  const float a = kScaleA * kInput.scale;
  const float b = kScaleB * kInput.scale;
  EXPECT_THAT(weights->steps, ElementsAre(a, b, b, a));
}

TEST(WholeWeightsTest, ChannelsOfZerosHaveTheirBias) {
  caffe::LayerParameter layer =
      Layer("type: 'Convolution' convolution_param { num_output: 3 }");
  AddBlob({3, 1, 1, 1}, {0, 127 * kScaleA, 0}, &layer);
  AddBlob({3}, {-0.37f, 0, 0}, &layer);
  const auto weights = FindWholeWeights(layer, kInput);
  ASSERT_TRUE(weights.has_value());
  EXPECT_THAT(weights->codes, ElementsAre(0, 127, 0));
  EXPECT_EQ(weights->bias[0] * weights->steps[0], -0.37f);
  EXPECT_EQ(weights->bias[2], 0);
}

TEST(WholeWeightsTest, KnownStepsWinWhereTheyFit) {
  caffe::LayerParameter layer =
      Layer("type: 'Convolution' convolution_param { num_output: 2 }");
  AddBlob({2, 1, 1, 1}, {20 * kScaleA, 10 * kScaleB}, &layer);
  const float next = std::nextafter(kScaleA, 1.0f);
  auto weights = FindWholeWeights(layer, kInput, {next, kScaleB});
  ASSERT_TRUE(weights.has_value());
  EXPECT_THAT(weights->codes, ElementsAre(20, 10));
  EXPECT_THAT(weights->steps,
              ElementsAre(next * kInput.scale, kScaleB * kInput.scale));
  weights = FindWholeWeights(layer, kInput, {kScaleA * 1.1f, kScaleB});
  ASSERT_TRUE(weights.has_value());
  EXPECT_THAT(weights->codes, ElementsAre(127, 10));
}

TEST(WholeWeightsTest, StepsFoundAreThoseOfTheRecord) {
  // A step that is not what its float32 reciprocal stands for.
  float scale = kScaleA;
  float stored = scale;
  while (stored == scale) {
    scale = std::nextafter(scale, 1.0f);
    stored = ScaleOfInverse(static_cast<float>(1.0 / scale));
  }
  std::vector<float> codes;
  for (int code = -127; code <= 127; ++code) codes.push_back(code);
  caffe::LayerParameter layer =
      Layer("type: 'InnerProduct' inner_product_param { num_output: 1 }");
  AddBlob({1, 255}, Times(codes, scale), &layer);
  const auto weights = FindWholeWeights(layer, {0.5f, 0, 8});
  ASSERT_TRUE(weights.has_value());
  EXPECT_EQ(weights->codes, codes);
  EXPECT_THAT(weights->steps, ElementsAre(stored * 0.5f));
}

TEST(WholeWeightsTest, FloatsAreNoWholeNumbers) {
  caffe::LayerParameter layer =
      Layer("type: 'InnerProduct' inner_product_param { num_output: 1 }");
  EXPECT_FALSE(FindWholeWeights(layer, kInput).has_value());  // No blobs.
  AddBlob({1, 3}, {0.5f, 0.12345f, 0.333f}, &layer);
  EXPECT_FALSE(FindWholeWeights(layer, kInput).has_value());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {129 * kScaleA, 0.5f * kScaleA, nan,
                          std::numeric_limits<float>::infinity()}) {
    layer.clear_blobs();
    AddBlob({1, 3}, {127 * kScaleA, bad, 2 * kScaleA}, &layer);
    EXPECT_FALSE(FindWholeWeights(layer, kInput).has_value()) << bad;
  }
  layer.clear_blobs();
  AddBlob({1, 2}, {127 * kScaleA, kScaleA}, &layer);
  ASSERT_TRUE(FindWholeWeights(layer, kInput).has_value());
  AddBlob({1}, {0.3f * kScaleA * kInput.scale}, &layer);
  EXPECT_FALSE(FindWholeWeights(layer, kInput).has_value());
  layer.mutable_blobs(1)->set_data(0, nan);
  EXPECT_FALSE(FindWholeWeights(layer, kInput).has_value());
}

TEST(WholeWeightsTest, BlobsThatDoNotFitAreLeftToTheLayer) {
  caffe::LayerParameter layer =
      Layer("type: 'InnerProduct' inner_product_param { num_output: 2 }");
  AddBlob({1, 3}, {1, 2, 3}, &layer);
  EXPECT_FALSE(FindWholeWeights(layer, kInput).has_value());
  layer.clear_blobs();
  AddBlob({2, 3}, {1, 2, 3}, &layer);
  EXPECT_FALSE(FindWholeWeights(layer, kInput).has_value());
  layer.clear_blobs();
  AddBlob({2, 1}, {1, 2}, &layer);
  AddBlob({3}, {1, 2, 3}, &layer);
  EXPECT_FALSE(FindWholeWeights(layer, kInput).has_value());
}

}  // namespace
}  // namespace quantd::testing
