#include "engine/simulator/whole_recurrent.h"

#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

// Steps that are not exact in binary, as a record has them.
const std::vector<float> kScales = {
    ScaleOfInverse(583.214f), ScaleOfInverse(97.3f), ScaleOfInverse(210.07f),
    ScaleOfInverse(1024.9f)};
const RecurrentInputs kInputs = {{ScaleOfInverse(13.7f), -128, 8},
                                 FakeQuantParams{ScaleOfInverse(3.1f), 9, 8}};

std::vector<float> Times(const std::vector<float>& codes, float step) {
  std::vector<float> values;
  for (float code : codes) values.push_back(code * step);
  return values;
}

// An RNN with one output, two inputs and one static input.
caffe::LayerParameter Rnn() {
  caffe::LayerParameter layer;
  layer.set_type("RNN");
  for (const char* bottom : {"x", "cont", "s"}) layer.add_bottom(bottom);
  const float bias_step = kScales[0] * kInputs.x.scale;
  const std::vector<std::vector<float>> blobs = {
      Times({-127, 3}, kScales[0]), Times({7000}, bias_step),
      Times({127}, kScales[1]),     Times({-127}, kScales[2]),
      Times({127}, kScales[3]),     Times({-45}, bias_step)};
  for (const auto& values : blobs) {
    caffe::BlobProto* blob = layer.add_blobs();
    blob->mutable_shape()->add_dim(1);
    blob->mutable_shape()->add_dim(static_cast<int64_t>(values.size()));
    blob->mutable_data()->Assign(values.begin(), values.end());
  }
  return layer;
}

TEST(WholeRecurrentTest, EachWeightBlobHasAStepAndBiasesThatOfTheFirst) {
  for (const auto& known : {std::vector<float>(), kScales}) {
    const auto weights = FindWholeRecurrent(Rnn(), kInputs, known);
    ASSERT_TRUE(weights.has_value());
    EXPECT_TRUE(weights->is_exact);
    ASSERT_EQ(weights->blobs.size(), 6u);
    std::vector<float> steps;
    for (const auto& blob : weights->blobs) {
      EXPECT_TRUE(blob.is_whole);
      steps.push_back(blob.step);
    }
    const float bias_step = kScales[0] * kInputs.x.scale;
    EXPECT_THAT(steps, ElementsAre(kScales[0], bias_step, kScales[1],
                                   kScales[2], kScales[3], bias_step));
    EXPECT_THAT(weights->blobs[0].values, ElementsAre(-127, 3));
    EXPECT_THAT(weights->blobs[1].values, ElementsAre(7000));
    EXPECT_THAT(weights->blobs[3].values, ElementsAre(-127));
    EXPECT_THAT(weights->blobs[5].values, ElementsAre(-45));
  }
}

TEST(WholeRecurrentTest, WhatIsNotWholeStaysAsItIs) {
  caffe::LayerParameter layer = Rnn();
  layer.mutable_blobs(5)->set_data(0, 0.1234567f);
  auto weights = FindWholeRecurrent(layer, kInputs, {});
  ASSERT_TRUE(weights.has_value());
  EXPECT_FALSE(weights->is_exact);
  EXPECT_TRUE(weights->blobs[0].is_whole);
  EXPECT_FALSE(weights->blobs[1].is_whole);
  EXPECT_THAT(weights->blobs[5].values, ElementsAre(0.1234567f));
  EXPECT_EQ(weights->blobs[5].step, 1);

  layer = Rnn();
  layer.mutable_blobs(0)->set_data(1, 0.1234567f);
  weights = FindWholeRecurrent(layer, kInputs, {});
  ASSERT_TRUE(weights.has_value());
  EXPECT_FALSE(weights->is_exact);
  EXPECT_FALSE(weights->blobs[0].is_whole);
  EXPECT_TRUE(weights->blobs[3].is_whole);
}

TEST(WholeRecurrentTest, LargeSumsAreOfParts) {
  RecurrentInputs inputs = kInputs;
  inputs.static_input->num_bits = 16;
  caffe::LayerParameter layer = Rnn();
  auto weights = FindWholeRecurrent(layer, inputs, {});
  ASSERT_TRUE(weights.has_value());
  EXPECT_TRUE(weights->is_exact);
  EXPECT_EQ(weights->blobs[2].split.num_parts, 1);
  // 10 * 127 * 2^15 is more than 2^24.
  caffe::BlobProto* wide = layer.mutable_blobs(2);
  for (int i = 0; i < 9; ++i) wide->add_data(wide->data(0));
  wide->mutable_shape()->set_dim(1, 10);
  weights = FindWholeRecurrent(layer, inputs, {});
  ASSERT_TRUE(weights.has_value());
  EXPECT_TRUE(weights->is_exact);
  EXPECT_EQ(weights->blobs[0].split.num_parts, 1);
  EXPECT_EQ(weights->blobs[2].split.num_parts, 2);
}

TEST(WholeRecurrentTest, OtherBlobsAreNone) {
  caffe::LayerParameter layer = Rnn();
  layer.mutable_blobs()->RemoveLast();
  EXPECT_FALSE(FindWholeRecurrent(layer, kInputs, {}).has_value());
  EXPECT_FALSE(FindWholeRecurrent({}, kInputs, {}).has_value());
}

}  // namespace
}  // namespace quantd::testing
