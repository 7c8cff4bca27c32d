#include "engine/export/export.h"

#include <cmath>
#include <map>

#include "base/testing/status_matchers.h"
#include "engine/config/parse_quant_config.h"
#include "engine/export/layer_weights.h"
#include "engine/export/record_file.h"
#include "engine/graph/fuse_batch_norm.h"
#include "engine/graph/uninplace.h"
#include "engine/quant/arq.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "proto/amct/calibration_param.pb.h"

namespace quantd {
namespace {

using ::google::protobuf::TextFormat;
using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// conv + BatchNorm + Scale + ReLU, a branch that joins again, a classifier.
const char kModel[] = R"pb(
  name: "net"
  layer {
    name: "data"
    type: "Input"
    top: "data"
    input_param { shape { dim: 1 dim: 1 dim: 4 dim: 4 } }
  }
  layer {
    name: "conv1"
    type: "Convolution"
    bottom: "data"
    top: "conv1"
    convolution_param { num_output: 2 kernel_size: 1 bias_term: false }
    blobs {
      shape { dim: 2 dim: 1 dim: 1 dim: 1 }
      data: [ 0.5, -2 ]
    }
  }
  layer {
    name: "bn1"
    type: "BatchNorm"
    bottom: "conv1"
    top: "conv1"
    blobs {
      shape { dim: 2 }
      data: [ 0.25, 0.5 ]
    }
    blobs {
      shape { dim: 2 }
      data: [ 1, 4 ]
    }
    blobs {
      shape { dim: 1 }
      data: [ 1 ]
    }
  }
  layer {
    name: "scale1"
    type: "Scale"
    bottom: "conv1"
    top: "conv1"
    scale_param { bias_term: true }
    blobs {
      shape { dim: 2 }
      data: [ 3, 1 ]
    }
    blobs {
      shape { dim: 2 }
      data: [ 0.1, -0.1 ]
    }
  }
  layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
  layer {
    name: "pool1"
    type: "Pooling"
    bottom: "conv1"
    top: "pool1"
    pooling_param { pool: MAX kernel_size: 1 }
  }
  layer { name: "sum" type: "Eltwise" bottom: "conv1" bottom: "pool1" top: "s" }
  layer {
    name: "ip"
    type: "InnerProduct"
    bottom: "s"
    top: "ip"
    inner_product_param { num_output: 2 }
    blobs {
      shape { dim: 2 dim: 2 }
      data: [ 0.1, -0.2, 0.3, 0.25 ]
    }
    blobs {
      shape { dim: 2 }
      data: [ 0.75, -0.5 ]
    }
  }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
)pb";

class ExportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    caffe::NetParameter model;
    ASSERT_TRUE(TextFormat::ParseFromString(kModel, &model));
    ASSERT_OK_AND_ASSIGN(config_, DefaultQuantConfig(model));
    ASSERT_OK_AND_ASSIGN(original_, Uninplace(model));
    ASSERT_OK_AND_ASSIGN(fused_, FuseBatchNorm(original_, {}));
    Plan();
  }

  // Makes the plan and a record with ARQ's steps and invented data factors.
  void Plan() {
    ASSERT_OK_AND_ASSIGN(plan_, MakeQuantPlan(fused_.net, config_));
    record_.Clear();
    for (const auto& weights : plan_.weights) {
      const auto& layer = fused_.net.layer(weights.layer_index);
      ASSERT_OK_AND_ASSIGN(const auto rows, ChannelRows(layer));
      ASSERT_OK_AND_ASSIGN(const WeightLayout layout, WeightLayoutOf(layer));
      ArqParams params;
      params.channel_wise = weights.params.channel_wise;
      if (params.channel_wise) params.num_scales = layout.num_channels();
      ASSERT_OK_AND_ASSIGN(const WeightFactors factors,
                           ArqSearch<double>(rows, params));
      auto* value = Value(weights.layer);
      value->mutable_scale_w()->Assign(factors.scale.begin(),
                                       factors.scale.end());
      value->mutable_offset_w()->Assign(factors.offset.begin(),
                                        factors.offset.end());
      value->set_num_bits_w(8);
    }
    float scale = 0.01f;
    for (const auto& blob : plan_.blobs) {
      for (const auto& consumer : blob.consumers) {
        auto* input = Value(consumer.layer)->add_record_d();
        input->set_index(consumer.bottom_index);
        input->set_scale_d(scale);
        input->set_offset_d(-3);
        input->set_num_bits_d(blob.params.num_bits);
      }
      scale += 0.01f;
    }
  }

  amct::SingleLayerRecord* Value(const std::string& layer) {
    for (auto& entry : *record_.mutable_record()) {
      if (entry.key() == layer) return entry.mutable_value();
    }
    auto* entry = record_.add_record();
    entry->set_key(layer);
    return entry->mutable_value();
  }

  absl::StatusOr<std::vector<ExportedFile>> Export(
      const std::string& prefix = "net") {
    return ExportSs928({fused_.net, original_, fused_.report, config_, plan_,
                        record_, prefix});
  }

  // All files by name.
  std::map<std::string, std::string> Files() {
    std::map<std::string, std::string> files;
    auto exported = Export();
    EXPECT_OK(exported);
    for (const auto& file : *exported) files[file.name] = file.contents;
    return files;
  }

  static caffe::NetParameter ReadText(const std::string& text) {
    caffe::NetParameter net;
    EXPECT_TRUE(TextFormat::ParseFromString(text, &net));
    return net;
  }
  static caffe::NetParameter ReadBinary(const std::string& bytes) {
    caffe::NetParameter net;
    EXPECT_TRUE(net.ParseFromString(bytes));
    return net;
  }
  static std::vector<std::string> Names(const caffe::NetParameter& net) {
    std::vector<std::string> names;
    for (const auto& layer : net.layer()) names.push_back(layer.name());
    return names;
  }
  static const caffe::LayerParameter& Layer(const caffe::NetParameter& net,
                                            const std::string& name) {
    for (const auto& layer : net.layer()) {
      if (layer.name() == name) return layer;
    }
    ADD_FAILURE() << name;
    return net.layer(0);
  }

  QuantConfig config_;
  caffe::NetParameter original_;
  FusedNet fused_;
  QuantPlan plan_;
  amct::ScaleOffsetRecord record_;
};

TEST_F(ExportTest, WritesTheNineFilesAndTheSameBytesEachTime) {
  ASSERT_OK_AND_ASSIGN(const auto first, Export());
  ASSERT_OK_AND_ASSIGN(const auto second, Export());
  std::vector<std::string> names;
  for (size_t i = 0; i < first.size(); ++i) {
    names.push_back(first[i].name);
    EXPECT_EQ(first[i].contents, second[i].contents) << names.back();
  }
  EXPECT_THAT(
      names,
      ElementsAre("net_deploy_model.prototxt", "net_deploy_weights.caffemodel",
                  "net_fake_quant_model.prototxt",
                  "net_fake_quant_weights.caffemodel", "net_quant.json",
                  "net_quant_param_record.txt", "net_quant_param_record.bin",
                  "net_config.json", "scale_offset_record.txt"));
}

TEST_F(ExportTest, FilesHaveGroups) {
  ASSERT_OK_AND_ASSIGN(const auto files, Export());
  std::vector<FileGroup> groups;
  for (const ExportedFile& file : files) groups.push_back(file.group);
  EXPECT_THAT(groups, ElementsAre(FileGroup::kDeploy, FileGroup::kDeploy,
                                  FileGroup::kFakeQuant, FileGroup::kFakeQuant,
                                  FileGroup::kGraph, FileGroup::kDeploy,
                                  FileGroup::kDeploy, FileGroup::kChoices,
                                  FileGroup::kChoices));
}

TEST_F(ExportTest, DeployIsTheFusedTopologyWithIntegers) {
  auto files = Files();
  const auto text = ReadText(files["net_deploy_model.prototxt"]);
  const auto weights = ReadBinary(files["net_deploy_weights.caffemodel"]);
  EXPECT_THAT(Names(text), ElementsAre("data", "conv1", "relu1", "pool1", "sum",
                                       "ip", "prob"));
  EXPECT_EQ(Names(weights), Names(text));
  EXPECT_EQ(Layer(text, "conv1").blobs_size(), 0);
  EXPECT_TRUE(Layer(text, "conv1").convolution_param().bias_term());

  const auto& conv = Layer(weights, "conv1");
  ASSERT_EQ(conv.blobs_size(), 2);
  EXPECT_THAT(conv.blobs(0).data(), IsEmpty());
  EXPECT_EQ(conv.blobs(0).int8_data(), std::string("\x7f\x80", 2));
  EXPECT_EQ(conv.blobs(0).shape().dim_size(), 4);
  EXPECT_THAT(conv.blobs(1).data(), IsEmpty());
  // b' = (0 - mean) / d * gamma + beta, with step |w'| / 127 * scale_d.
  ASSERT_EQ(conv.blobs(1).int32_data_size(), 2);
  EXPECT_NEAR(conv.blobs(1).int32_data(0),
              (-0.25 * 3 + 0.1) / (1.5 / 127 * 0.01), 1);
  EXPECT_NEAR(conv.blobs(1).int32_data(1), (-0.25 - 0.1) / (1. / 128 * 0.01),
              1);
  const auto& ip = Layer(weights, "ip");
  EXPECT_EQ(ip.blobs(0).int8_data(), std::string("\x2a\xab\x7f\x6a", 4));
}

TEST_F(ExportTest, FakeQuantIsTheSameNumbersAsFloats) {
  auto files = Files();
  const auto text = ReadText(files["net_fake_quant_model.prototxt"]);
  const auto fake = ReadBinary(files["net_fake_quant_weights.caffemodel"]);
  const auto deploy = ReadBinary(files["net_deploy_weights.caffemodel"]);
  EXPECT_THAT(
      Names(text),
      ElementsAre("data", "conv1_0_quant_layer", "conv1", "relu1",
                  "pool1_0_quant_layer", "pool1", "sum_1_quant_layer", "sum",
                  "ip_0_quant_layer", "ip", "prob_0_quant_layer", "prob"));
  EXPECT_EQ(Names(fake), Names(text));
  EXPECT_THAT(Layer(text, "sum").bottom(),
              ElementsAre("pool1_0_quant_layer", "sum_1_quant_layer"));
  for (const char* name : {"conv1", "ip"}) {
    const auto& record = *Value(name);
    const auto& floats = Layer(fake, name);
    const auto& integers = Layer(deploy, name);
    const std::string& codes = integers.blobs(0).int8_data();
    const int per_channel = floats.blobs(0).data_size() / record.scale_w_size();
    for (int i = 0; i < floats.blobs(0).data_size(); ++i) {
      EXPECT_EQ(floats.blobs(0).data(i), static_cast<signed char>(codes[i]) *
                                             record.scale_w(i / per_channel));
    }
    for (int i = 0; i < floats.blobs(1).data_size(); ++i) {
      const float scale_w = record.scale_w(record.scale_w_size() > 1 ? i : 0);
      EXPECT_EQ(floats.blobs(1).data(i),
                static_cast<float>(integers.blobs(1).int32_data(i)) *
                    (scale_w * record.record_d(0).scale_d()));
    }
  }
}

TEST_F(ExportTest, WhatStaysFloatKeepsItsFloats) {
  for (auto& layer : config_.layers) {
    if (layer.name == "ip") layer.quant_enable = false;
  }
  Plan();
  auto files = Files();
  const auto deploy = ReadBinary(files["net_deploy_weights.caffemodel"]);
  EXPECT_EQ(Layer(deploy, "ip").blobs(0).data_size(), 4);
  EXPECT_EQ(Layer(deploy, "ip").blobs(0).int8_data(), "");
  calibration::CalibrationParam param;
  ASSERT_TRUE(
      TextFormat::ParseFromString(files["net_quant_param_record.txt"], &param));
  EXPECT_EQ(param.layer(4).name(), "ip");
  EXPECT_EQ(param.layer(4).quant_param().input(0).data_type(),
            calibration::F16);
  EXPECT_FALSE(param.layer(4).quant_param().has_weight());
}

TEST_F(ExportTest, RecordsAgreeInTextAndBinary) {
  auto files = Files();
  calibration::CalibrationParam text, binary;
  ASSERT_TRUE(
      TextFormat::ParseFromString(files["net_quant_param_record.txt"], &text));
  ASSERT_TRUE(binary.ParseFromString(files["net_quant_param_record.bin"]));
  EXPECT_EQ(text.SerializeAsString(), binary.SerializeAsString());
  EXPECT_EQ(binary.layer_size(), 6);  // All but "data".

  ASSERT_OK_AND_ASSIGN(const auto record,
                       ParseRecord(files["scale_offset_record.txt"], "r"));
  EXPECT_OK(ValidateRecord(record, fused_.net, "r"));
  EXPECT_OK(CheckRecordCovers(record, plan_));
  EXPECT_EQ(record.record(0).key(), "conv1");
  ASSERT_OK_AND_ASSIGN(
      const QuantConfig config,
      ParseQuantConfig(files["net_config.json"], "config.json", original_));
  EXPECT_EQ(QuantConfigToJson(config), files["net_config.json"]);
}

TEST_F(ExportTest, QuantJsonMapsFusedAndInsertedLayers) {
  auto files = Files();
  const auto json =
      nlohmann::json::parse(files["net_quant.json"], nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["name"], "net");
  const auto& ops = json["graph"][0]["op"];
  ASSERT_EQ(ops.size(), 12u);
  EXPECT_EQ(ops[0]["type"], "Data");
  EXPECT_FALSE(ops[0].contains("attr"));
  const nlohmann::json originals = {"conv1", "bn1", "scale1"};
  for (int i : {1, 2}) {
    EXPECT_EQ(ops[i]["attr"][0]["key"], "_datadump_original_op_names");
    EXPECT_EQ(ops[i]["attr"][0]["value"]["list"]["s"], originals) << i;
    EXPECT_EQ(ops[i]["attr"][0]["value"]["list"]["val_type"], 1);
  }
  EXPECT_EQ(ops[1]["type"], "Quant");
  EXPECT_FALSE(ops[1].contains("output_desc"));
  EXPECT_EQ(ops[2]["input"][0], "conv1_0_quant_layer:0");
  const auto& origin = ops[2]["output_desc"][0]["attr"];
  EXPECT_EQ(origin[0]["value"]["s"], "NCHW");
  EXPECT_EQ(origin[2]["value"]["i"], 0);
  EXPECT_EQ(origin[3]["key"], "_datadump_origin_name");
  EXPECT_EQ(origin[3]["value"]["s"], "scale1");
  EXPECT_EQ(ops[3]["name"], "relu1");
  EXPECT_FALSE(ops[3].contains("attr"));
  EXPECT_EQ(ops[5]["attr"][0]["value"]["list"]["s"],
            nlohmann::json::array({"pool1"}));
}

TEST_F(ExportTest, BadInputIsRefusedBeforeAnythingIsWritten) {
  EXPECT_THAT(Export("a/b"), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(Export(""), HasReason("OPTION_OUT_OF_RANGE"));
  Value("ip")->set_scale_w(0, 1e9f);
  EXPECT_THAT(Export(), HasReason("SCALE_OUT_OF_RANGE"));
  Value("ip")->clear_scale_w();
  Value("ip")->clear_offset_w();
  EXPECT_THAT(Export(), HasReason("RECORD_INCOMPLETE"));
}

TEST_F(ExportTest, ABiasBeyondInt32IsRefused) {
  Value("ip")->set_scale_w(0, 2e-7f);
  Value("ip")->mutable_record_d(0)->set_scale_d(2e-7f);
  EXPECT_THAT(Export(), HasReason("BIAS_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace quantd
