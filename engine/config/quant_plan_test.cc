#include "engine/config/quant_plan.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

caffe::NetParameter Net(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  return net;
}

// A residual block: both convolutions and the sum read "data" or their own.
const char kResidual[] = R"pb(
  layer { name: "data" type: "Input" top: "data" }
  layer {
    name: "conv1"
    type: "Convolution"
    bottom: "data"
    top: "c1"
    blobs {}
  }
  layer { name: "relu1" type: "ReLU" bottom: "c1" top: "r1" }
  layer {
    name: "conv2"
    type: "Convolution"
    bottom: "r1"
    top: "c2"
    blobs {}
  }
  layer { name: "sum" type: "Eltwise" bottom: "r1" bottom: "c2" top: "s" }
  layer { name: "drop" type: "Dropout" bottom: "s" top: "d" }
  layer {
    name: "ip"
    type: "InnerProduct"
    bottom: "d"
    top: "ip"
    blobs {}
  }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
  layer { name: "acc" type: "Accuracy" bottom: "ip" bottom: "label" top: "a" }
)pb";

std::vector<std::string> Blobs(const QuantPlan& plan) {
  std::vector<std::string> names;
  for (const auto& blob : plan.blobs) names.push_back(blob.blob);
  return names;
}

std::vector<std::string> Reasons(const QuantPlan& plan) {
  std::vector<std::string> reasons;
  for (const auto& warning : plan.warnings) reasons.push_back(warning.reason);
  return reasons;
}

class QuantPlanTest : public ::testing::Test {
 protected:
  // The config entry of `layer` of net_.
  LayerQuantConfig& Layer(const std::string& name) {
    for (auto& layer : config_.layers) {
      if (layer.name == name) return layer;
    }
    ADD_FAILURE() << name;
    return config_.layers[0];
  }

  caffe::NetParameter net_ = Net(kResidual);
  QuantConfig config_ = *DefaultQuantConfig(net_);
};

TEST_F(QuantPlanTest, OneQuantPerSharedBlobWithAllItsConsumers) {
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_THAT(Blobs(plan), ElementsAre("data", "r1", "c2", "d", "ip"));
  ASSERT_EQ(plan.blobs[1].consumers.size(), 2u);
  EXPECT_EQ(plan.blobs[1].consumers[0].layer, "conv2");
  EXPECT_EQ(plan.blobs[1].consumers[1].layer, "sum");
  EXPECT_EQ(plan.blobs[1].consumers[1].bottom_index, 0);
  EXPECT_TRUE(plan.blobs[1].with_offset);
  ASSERT_EQ(plan.weights.size(), 3u);
  EXPECT_EQ(plan.weights[2].layer, "ip");
  EXPECT_FALSE(plan.weights[2].params.channel_wise);
  ASSERT_EQ(plan.floats.size(), 1u);
  EXPECT_EQ(plan.floats[0].layer, "relu1");
  EXPECT_THAT(plan.warnings, IsEmpty());
  EXPECT_EQ(plan.FindInput("sum", 1), &plan.blobs[2]);
  EXPECT_EQ(plan.FindInput("relu1", 0), nullptr);
}

TEST_F(QuantPlanTest, OneDisabledConsumerKeepsTheBlobFloatForAll) {
  Layer("conv2").quant_enable = false;
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_THAT(Blobs(plan), ElementsAre("data", "c2", "d", "ip"));
  EXPECT_EQ(plan.FindWeights("conv2"), nullptr);
  EXPECT_THAT(Reasons(plan),
              ElementsAre("CONSUMER_NOT_QUANTIZED", "CUBE_LAYER_FLOAT"));
  EXPECT_THAT(plan.warnings[0].message,
              HasSubstr("\"r1\" stays float for sum"));
  EXPECT_THAT(plan.warnings[1].message,
              HasSubstr("Layer conv2 must be quantized as it is an operation "
                        "calculated on CUBE"));
}

// As in SSD, where prior boxes are made from the image and from every feature.
TEST_F(QuantPlanTest, ReadersOfAShapeKeepNothingFloat) {
  *net_.add_layer() = Net("layer { name: 'prior' type: 'PriorBox' bottom: 'd' "
                          "bottom: 'data' top: 'p' }")
                          .layer(0);
  *net_.add_layer() = Net("layer { name: 'crop' type: 'Crop' bottom: 'ip' "
                          "bottom: 'c2' top: 'crop' }")
                          .layer(0);
  config_ = *DefaultQuantConfig(net_);
  Layer("crop").quant_enable = true;
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_THAT(Blobs(plan), ElementsAre("data", "r1", "c2", "d", "ip"));
  EXPECT_EQ(plan.blobs[0].consumers.size(), 1u);
  EXPECT_EQ(plan.blobs[2].consumers.size(), 1u);
  EXPECT_THAT(plan.warnings, IsEmpty());
}

// As in DenseNet, where BatchNorm reads what Concat reads.
TEST_F(QuantPlanTest, ConcatHasAllItsInputsOrNone) {
  *net_.add_layer() = Net("layer { name: 'cat' type: 'Concat' bottom: 'c1' "
                          "bottom: 'c2' top: 'cat' }")
                          .layer(0);
  config_ = *DefaultQuantConfig(net_);
  ASSERT_OK_AND_ASSIGN(QuantPlan plan, MakeQuantPlan(net_, config_));
  // ReLU reads c1, and the sum c2.
  EXPECT_THAT(Blobs(plan), ElementsAre("data", "r1", "d", "ip"));
  EXPECT_EQ(plan.FindInput("cat", 1), nullptr);
  ASSERT_FALSE(plan.warnings.empty());
  EXPECT_THAT(plan.warnings[0].message,
              HasSubstr("layer \"cat\" stays float: its input \"c1\" is also "
                        "read by \"relu1\""));
  Layer("relu1").quant_enable = true;
  ASSERT_OK_AND_ASSIGN(plan, MakeQuantPlan(net_, config_));
  EXPECT_NE(plan.FindInput("cat", 0), nullptr);
  EXPECT_NE(plan.FindInput("cat", 1), nullptr);
}

TEST_F(QuantPlanTest, ALayerDraggedToFloatSaysWhy) {
  Layer("sum").quant_enable = false;
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_THAT(Blobs(plan), ElementsAre("data", "d", "ip"));
  ASSERT_EQ(plan.floats.size(), 3u);
  EXPECT_EQ(plan.floats[1].layer, "conv2");
  EXPECT_THAT(plan.floats[1].reason, HasSubstr("also read by \"sum\""));
}

TEST_F(QuantPlanTest, TheFirstConsumersParametersHold) {
  Layer("conv2").activations[0].num_bits = 12;
  Layer("sum").activations[0].with_offset = false;
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_EQ(plan.blobs[1].params.num_bits, 12);
  EXPECT_TRUE(plan.blobs[1].with_offset);
  EXPECT_THAT(Reasons(plan), ElementsAre("CONSUMER_PARAMS_DIFFER"));
}

TEST_F(QuantPlanTest, WithOffsetOfALayerOverridesTheGlobalOne) {
  config_.activation_offset = false;
  Layer("conv1").activations[0].with_offset = true;
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_TRUE(plan.blobs[0].with_offset);
  EXPECT_FALSE(plan.blobs[1].with_offset);
}

TEST_F(QuantPlanTest, MoreThanTwelveBitsAreWarnedOf) {
  Layer("conv1").activations[0].num_bits = 13;
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_THAT(Reasons(plan), ElementsAre("ACCUMULATOR_OVERFLOW_RISK"));
}

TEST_F(QuantPlanTest, SnqInTheOuterLayersIsWarnedOf) {
  for (const char* name : {"conv1", "conv2", "ip"}) {
    Layer(name).weights->wts_algo = WeightAlgorithm::kSnq;
  }
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_THAT(Reasons(plan), ElementsAre("SNQ_OUTER_LAYER", "SNQ_OUTER_LAYER"));
  EXPECT_THAT(plan.warnings[0].message, HasSubstr("\"conv1\" is the first"));
  EXPECT_THAT(plan.warnings[1].message, HasSubstr("\"ip\" is the last"));
}

TEST_F(QuantPlanTest, SharedWeightsStayFloat) {
  net_.mutable_layer(1)->add_param()->set_name("w");
  net_.mutable_layer(3)->add_param()->set_name("w");
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_THAT(Blobs(plan), ElementsAre("c2", "d", "ip"));
  ASSERT_EQ(plan.weights.size(), 1u);
  EXPECT_EQ(Reasons(plan)[0], "SHARED_WEIGHTS");
}

TEST_F(QuantPlanTest, EntriesOfFusedLayersAreIgnored) {
  LayerQuantConfig fused;
  fused.name = "bn1";
  config_.layers.insert(config_.layers.begin(), fused);
  EXPECT_OK(MakeQuantPlan(net_, config_));
}

TEST_F(QuantPlanTest, WithoutWeightsALayerStaysFloat) {
  net_.mutable_layer(1)->clear_blobs();
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_EQ(plan.FindInput("conv1", 0), nullptr);
}

TEST_F(QuantPlanTest, BothBottomsOfOneLayerMayBeTheSameBlob) {
  net_ = Net(R"pb(
    layer { name: "data" type: "Input" top: "data" }
    layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "data" top: "s" }
  )pb");
  config_ = *DefaultQuantConfig(net_);
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  ASSERT_EQ(plan.blobs.size(), 1u);
  EXPECT_EQ(plan.blobs[0].consumers.size(), 2u);
}

TEST_F(QuantPlanTest, NothingLeftToQuantizeIsAnError) {
  for (auto& layer : config_.layers) layer.quant_enable = false;
  EXPECT_THAT(MakeQuantPlan(net_, config_), HasReason("NOTHING_QUANTIZED"));
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeAnyQuantPlan(net_, config_));
  EXPECT_THAT(plan.blobs, IsEmpty());
}

TEST_F(QuantPlanTest, TheConfigurationMaySayWhyLayersAreOff) {
  Layer("ip").quant_enable = false;
  config_.off_reason = "because";
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  for (const FloatLayer& layer : plan.floats) {
    if (layer.layer == "ip" || layer.layer == "relu1") {
      EXPECT_EQ(layer.reason, "because") << layer.layer;
    }
  }
  EXPECT_EQ(plan.FindInput("ip", 0), nullptr);
}

TEST_F(QuantPlanTest, InPlaceLayersAndRepeatedNamesAreRefused) {
  net_.mutable_layer(2)->set_top(0, "c1");
  EXPECT_THAT(MakeQuantPlan(net_, config_), HasReason("MODEL_INVALID"));
  net_ = Net(kResidual);
  net_.mutable_layer(2)->set_name("conv1");
  EXPECT_THAT(MakeQuantPlan(net_, config_), HasReason("LAYER_NAME_NOT_UNIQUE"));
}

TEST(AscendPlanTest, QuantizesABlobForSomeOfItsReaders) {
  const caffe::NetParameter net = Net(kResidual);
  ASSERT_OK_AND_ASSIGN(const QuantConfig config,
                       DefaultQuantConfig(net, Target::kAscend));
  ASSERT_EQ(config.layers.size(), 3);  // Two convolutions, one InnerProduct.
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net, config));
  EXPECT_THAT(Blobs(plan), ElementsAre("data", "r1", "d"));
  EXPECT_THAT(plan.warnings, IsEmpty());
  EXPECT_THAT(plan.floats, IsEmpty());
  // Not the sum, which reads r1 as well.
  ASSERT_EQ(plan.blobs[1].consumers.size(), 1);
  EXPECT_EQ(plan.blobs[1].consumers[0].layer, "conv2");
  EXPECT_EQ(plan.FindInput("sum", 0), nullptr);
  EXPECT_EQ(plan.weights.size(), 3);
}

TEST(AscendPlanTest, LooksAtTheWeightsShape) {
  caffe::NetParameter net = Net(kResidual);
  ASSERT_OK_AND_ASSIGN(const QuantConfig config,
                       DefaultQuantConfig(net, Target::kAscend));
  caffe::BlobShape* shape =
      net.mutable_layer(1)->mutable_blobs(0)->mutable_shape();
  for (int i = 0; i < 5; ++i) shape->add_dim(1);
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net, config));
  EXPECT_THAT(Blobs(plan), ElementsAre("r1", "d"));
  ASSERT_EQ(plan.floats.size(), 1);
  EXPECT_THAT(plan.floats[0].reason, HasSubstr("four axes"));
  EXPECT_THAT(plan.warnings, IsEmpty());
}

// "static" is read by others, too.
const char kRecurrent[] = R"pb(
  layer { name: "data" type: "Input" top: "x" top: "cont" top: "static" }
  layer {
    name: "lstm"
    type: "LSTM"
    bottom: "x"
    bottom: "cont"
    bottom: "static"
    top: "h"
    blobs {}
    blobs {}
    blobs {}
    blobs {}
  }
  layer { name: "side" type: "Sigmoid" bottom: "static" top: "side" }
  layer { name: "behind" type: "TanH" bottom: "x" top: "behind" }
)pb";

class RecurrentPlanTest : public QuantPlanTest {
 protected:
  RecurrentPlanTest() {
    net_ = Net(kRecurrent);
    config_ = *DefaultQuantConfig(net_);
  }
};

TEST_F(RecurrentPlanTest, InputsWithDataAreQuantized) {
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(net_, config_));
  EXPECT_THAT(Blobs(plan), ElementsAre("x", "static"));
  EXPECT_NE(plan.FindInput("lstm", 2), nullptr);
  EXPECT_EQ(plan.FindInput("lstm", 1), nullptr);
  ASSERT_EQ(plan.weights.size(), 1u);
  EXPECT_FALSE(plan.weights[0].params.channel_wise);
  EXPECT_THAT(plan.warnings, IsEmpty());
}

TEST_F(RecurrentPlanTest, HasAllItsInputsOrNone) {
  Layer("side").quant_enable = false;
  const auto stopped = MakeQuantPlan(net_, config_);
  EXPECT_THAT(stopped, HasReason("NOTHING_QUANTIZED"));
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeAnyQuantPlan(net_, config_));
  EXPECT_THAT(plan.weights, IsEmpty());
  ASSERT_EQ(plan.floats.size(), 3u);
  EXPECT_THAT(plan.floats[0].reason,
              HasSubstr("\"static\" is also read by \"side\""));
  // Then "behind" cannot have x alone.
  EXPECT_THAT(plan.floats[2].reason, HasSubstr("read by \"lstm\""));
  EXPECT_THAT(Reasons(plan),
              ElementsAre("CONSUMER_NOT_QUANTIZED", "CONSUMER_NOT_QUANTIZED"));
}

TEST_F(RecurrentPlanTest, BlobsThatAreNotItsOwnKeepItFloat) {
  net_.mutable_layer(1)->mutable_blobs()->RemoveLast();
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeAnyQuantPlan(net_, config_));
  EXPECT_THAT(plan.weights, IsEmpty());
  EXPECT_EQ(plan.floats[0].reason, "the caffemodel has 3 blobs for it, not 4");
}

TEST_F(RecurrentPlanTest, IsNeverQuantizedForAscend) {
  config_.target = Target::kAscend;
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeAnyQuantPlan(net_, config_));
  EXPECT_THAT(plan.weights, IsEmpty());
}

}  // namespace
}  // namespace quantd
