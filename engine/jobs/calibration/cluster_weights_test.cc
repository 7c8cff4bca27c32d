#include "engine/jobs/calibration/cluster_weights.h"

#include <cmath>
#include <set>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/export/layer_weights.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

// A Deconvolution of two inputs, two output channels and 40 weights in each
// kernel: channel 0 in [-1, 1], channel 1 ten times as large.
caffe::LayerParameter Deconvolution() {
  caffe::LayerParameter layer;
  layer.set_name("up");
  layer.set_type("Deconvolution");
  caffe::BlobProto* blob = layer.add_blobs();
  for (const int dim : {2, 2, 40}) blob->mutable_shape()->add_dim(dim);
  for (int i = 0; i < 160; ++i) {
    const float channel_size = i / 40 % 2 == 0 ? 1 : 10;
    blob->add_data(channel_size * std::sin(static_cast<float>(i * i)));
  }
  return layer;
}

WeightQuantParams Snq(bool channel_wise = true) {
  WeightQuantParams params;
  params.wts_algo = WeightAlgorithm::kSnq;
  params.num_bits = 4;
  params.channel_wise = channel_wise;
  return params;
}

std::vector<float> Weights(const caffe::LayerParameter& layer) {
  return {layer.blobs(0).data().begin(), layer.blobs(0).data().end()};
}

amct::SingleLayerRecord RecordOf(const WeightFactors& factors) {
  amct::SingleLayerRecord record;
  record.mutable_scale_w()->Assign(factors.scale.begin(), factors.scale.end());
  record.set_num_bits_w(4);
  return record;
}

TEST(ClusterWeightsTest, EveryChannelGetsSixteenMultiplesOfItsStep) {
  caffe::LayerParameter layer = Deconvolution();
  const std::vector<float> before = Weights(layer);
  ASSERT_OK_AND_ASSIGN(const ClusteredWeights clustered,
                       ClusterWeights(Snq(), {}, &layer));
  ASSERT_EQ(clustered.factors.scale.size(), 2u);
  EXPECT_THAT(clustered.factors.offset, ElementsAre(0, 0));
  const std::vector<float> after = Weights(layer);
  std::set<float> values[2];
  for (int i = 0; i < 160; ++i) {
    const int channel = i / 40 % 2;
    const float scale = clustered.factors.scale[channel];
    values[channel].insert(after[i]);
    // Within half of the mean distance of 16 values from -128 to 127, twice.
    EXPECT_NEAR(after[i], before[i], 16 * scale) << i;
    EXPECT_EQ(after[i], std::round(after[i] / scale) * scale) << i;
  }
  for (const auto& set : values) {
    EXPECT_LE(set.size(), 16u);
    EXPECT_GE(set.size(), 12u);
  }
}

TEST(ClusterWeightsTest, OptionsReachTheSearch) {
  caffe::LayerParameter uniform = Deconvolution();
  caffe::LayerParameter gaussian = uniform;
  caffe::LayerParameter whole = uniform;
  WeightQuantParams params = Snq();
  ASSERT_OK(ClusterWeights(params, {}, &uniform));
  params.init_algo = LloydInit::kGaussian;
  ASSERT_OK(ClusterWeights(params, {}, &gaussian));
  EXPECT_NE(Weights(uniform), Weights(gaussian));
  ASSERT_OK_AND_ASSIGN(const ClusteredWeights one,
                       ClusterWeights(Snq(false), {}, &whole));
  EXPECT_EQ(one.factors.scale.size(), 1u);
  // As float32 the ends of the range lie just outside of it.
  for (const float distance : {1e-10f, 1e-3f}) {
    params.min_distance = distance;
    EXPECT_OK(ClusterWeights(params, {}, &gaussian));
  }
  params.max_iteration = 499;
  EXPECT_THAT(ClusterWeights(params, {}, &gaussian),
              HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(ClusterWeightsTest, AgainWithTheSameStepsNothingChanges) {
  caffe::LayerParameter layer = Deconvolution();
  ASSERT_OK_AND_ASSIGN(const ClusteredWeights clustered,
                       ClusterWeights(Snq(), {}, &layer));
  const std::vector<float> once = Weights(layer);
  // The steps of a model whose largest integer is not 127.
  const std::vector<float> scales = {clustered.factors.scale[0] / 2,
                                     clustered.factors.scale[1]};
  caffe::NetParameter net;
  *net.add_layer() = layer;
  QuantPlan plan;
  plan.weights.push_back({0, "up", Snq()});
  amct::ScaleOffsetRecord record;
  record.add_record()->set_key("up");
  *record.mutable_record(0)->mutable_value() = RecordOf(clustered.factors);
  ASSERT_OK(ClusterByRecord(plan, record, &net));
  EXPECT_EQ(Weights(net.layer(0)), once);

  ASSERT_OK_AND_ASSIGN(const ClusteredWeights other,
                       ClusterWeights(Snq(), scales, &layer));
  EXPECT_EQ(other.factors.scale, scales);
  EXPECT_THAT(ClusterWeights(Snq(), {1.0f}, &layer),
              HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(ClusterWeightsTest, BadWeightsAreNamed) {
  caffe::NetParameter net;
  *net.add_layer() = Deconvolution();
  net.mutable_layer(0)->mutable_blobs(0)->set_data(7, std::nanf(""));
  QuantPlan plan;
  plan.weights.push_back({0, "up", Snq()});
  amct::ScaleOffsetRecord record;
  record.add_record()->set_key("up");
  *record.mutable_record(0)->mutable_value() = RecordOf({{1, 1}, {0, 0}});
  const absl::Status status = ClusterByRecord(plan, record, &net);
  EXPECT_THAT(status, HasReason("WEIGHT_NOT_FINITE"));
  EXPECT_THAT(std::string(status.message()),
              ::testing::HasSubstr("layer \"up\""));
}

}  // namespace
}  // namespace quantd
