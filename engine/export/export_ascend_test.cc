#include <map>

#include "base/testing/status_matchers.h"
#include "engine/export/export.h"
#include "engine/model/cann_offset.h"
#include "engine/model/load_model.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "proto/amct/scale_offset_record_nnn.pb.h"

namespace quantd {
namespace {

using ::google::protobuf::TextFormat;
using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Two convolutions and a sum that read one blob.
const char kNet[] = R"pb(
  name: "net"
  layer {
    name: "data"
    type: "Input"
    top: "data"
    input_param { shape { dim: 1 dim: 1 dim: 2 dim: 2 } }
  }
  layer {
    name: "conv1"
    type: "Convolution"
    bottom: "data"
    top: "c1"
    convolution_param { num_output: 2 kernel_size: 1 }
    blobs {
      shape { dim: 2 dim: 1 dim: 1 dim: 1 }
      data: [ 63.5, -32 ]
    }
    blobs {
      shape { dim: 2 }
      data: [ 1, -1 ]
    }
  }
  layer {
    name: "conv2"
    type: "Convolution"
    bottom: "data"
    top: "c2"
    convolution_param { num_output: 2 kernel_size: 1 bias_term: false }
    blobs {
      shape { dim: 2 dim: 1 dim: 1 dim: 1 }
      data: [ 1, -1 ]
    }
  }
  layer { name: "sum" type: "Eltwise" bottom: "c1" bottom: "c2" top: "s" }
  layer {
    name: "pool"
    type: "Pooling"
    bottom: "s"
    top: "p"
    pooling_param { pool: AVE kernel_size: 2 }
  }
)pb";

const char kRecord[] = R"pb(
  record {
    key: "conv1"
    value {
      scale_w: [ 0.5, 0.25 ]
      offset_w: [ 0, 0 ]
      shift_bit: [ 1, 2 ]
      record_d { index: 0 scale_d: 0.25 offset_d: -14 num_bits_d: 8 }
    }
  }
  record {
    key: "conv2"
    value {
      scale_w: [ 0.125 ]
      offset_w: [ 0 ]
      record_d { index: 0 scale_d: 0.25 offset_d: -14 num_bits_d: 8 }
    }
  }
  record {
    key: "pool"
    value { record_d { index: 0 scale_d: 0.5 offset_d: -128 num_bits_d: 8 } }
  }
)pb";

class ExportAscendTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(TextFormat::ParseFromString(kNet, &net_));
    ASSERT_TRUE(TextFormat::ParseFromString(kRecord, &record_));
    ASSERT_OK_AND_ASSIGN(config_, DefaultQuantConfig(net_, Target::kAscend));
    ASSERT_OK_AND_ASSIGN(plan_, MakeQuantPlan(net_, config_));
  }

  absl::Status Export() {
    ASSIGN_OR_RETURN(std::vector<ExportedFile> files,
                     ExportAscend({net_, net_, FusionReport(), config_, plan_,
                                   record_, "net"}));
    names_.clear();
    for (ExportedFile& file : files) {
      names_.push_back(file.name);
      files_[file.name] = std::move(file.contents);
    }
    return absl::OkStatus();
  }

  // Both files of a model, merged.
  caffe::NetParameter Read(const std::string& stem) {
    const auto model = LoadModel(files_[stem + "_model.prototxt"], "p",
                                 files_[stem + "_weights.caffemodel"], "w");
    EXPECT_OK(model);
    return model.ok() ? model->net : caffe::NetParameter();
  }

  caffe::NetParameter net_;
  amct::ScaleOffsetRecord record_;
  QuantConfig config_;
  QuantPlan plan_;
  std::vector<std::string> names_;
  std::map<std::string, std::string> files_;
};

std::vector<std::string> Layers(const caffe::NetParameter& net) {
  std::vector<std::string> names;
  for (const auto& layer : net.layer()) names.push_back(layer.name());
  return names;
}

TEST_F(ExportAscendTest, WritesNoFactorsBesideTheModel) {
  ASSERT_OK(Export());
  EXPECT_THAT(
      names_,
      ElementsAre("net_deploy_model.prototxt", "net_deploy_weights.caffemodel",
                  "net_fake_quant_model.prototxt",
                  "net_fake_quant_weights.caffemodel", "net_quant.json",
                  "net_config.json", "scale_offset_record.txt"));
}

TEST_F(ExportAscendTest, DeployIsQuantLayerDequant) {
  ASSERT_OK(Export());
  const caffe::NetParameter net = Read("net_deploy");
  EXPECT_THAT(
      Layers(net),
      ElementsAre("data", "conv1_0_quant_layer", "conv1", "conv1_dequant_layer",
                  "conv2", "conv2_dequant_layer", "sum", "pool_0_quant_layer",
                  "pool", "pool_dequant_layer"));
  // The blob's two quantized readers share a Quant layer.
  EXPECT_EQ(net.layer(2).bottom(0), "conv1_0_quant_layer");
  EXPECT_EQ(net.layer(4).bottom(0), "conv1_0_quant_layer");
  EXPECT_THAT(net.layer(6).bottom(), ElementsAre("c1", "c2"));
  EXPECT_EQ(net.layer(9).top(0), "p");

  // 63.5 / 0.5, -32 / 0.25; biases over 0.5 * 0.25 and 0.25 * 0.25.
  const std::string codes = net.layer(2).blobs(0).int8_data();
  ASSERT_EQ(codes.size(), 2);
  EXPECT_EQ(static_cast<signed char>(codes[0]), 127);
  EXPECT_EQ(static_cast<signed char>(codes[1]), -128);
  EXPECT_THAT(net.layer(2).blobs(1).int32_data(), ElementsAre(8, -16));
  // 0.125 is 0x3E000000, 0.0625 0x3D800000, 0.03125 0x3D000000.
  const caffe::LayerParameter& dequant = net.layer(3);
  ASSERT_EQ(dequant.blobs_size(), 1);
  EXPECT_THAT(dequant.blobs(0).uint64_data(),
              ElementsAre(0x1'3E000000, 0x2'3D800000));
  EXPECT_THAT(net.layer(5).blobs(0).uint64_data(), ElementsAre(0x3D000000));
  EXPECT_THAT(net.layer(9).blobs(0).uint64_data(), ElementsAre(0x3F000000));
}

TEST_F(ExportAscendTest, OffsetsAreBytes) {
  ASSERT_OK(Export());
  for (const char* kind : {"net_deploy", "net_fake_quant"}) {
    const std::string text = files_[std::string(kind) + "_model.prototxt"];
    EXPECT_THAT(text, HasSubstr("  quant_param {\n    with_offset: true\n    "
                                "scale: 4\n    offset: \"\\362\"\n    "
                                "object_layer: \"conv1\"\n  }\n"));
    EXPECT_THAT(text, HasSubstr("offset: \"\\200\""));
    EXPECT_THAT(text, Not(HasSubstr("num_bits_d")));
    caffe::NetParameter net;
    ASSERT_TRUE(
        net.ParseFromString(files_[std::string(kind) + "_weights.caffemodel"]));
    const caffe::QuantParameter& quant = net.layer(1).quant_param();
    EXPECT_FALSE(quant.has_offset());  // SS928's number.
    EXPECT_THAT(quant.SerializeAsString(), HasSubstr("\x1A\x01\xF2"));
    EXPECT_EQ(Read(kind).layer(1).quant_param().offset(), -14);
  }
}

TEST_F(ExportAscendTest, FakeQuantHasTheNumbersAsFloats) {
  ASSERT_OK(Export());
  const caffe::NetParameter net = Read("net_fake_quant");
  EXPECT_THAT(net.layer(2).blobs(0).data(), ElementsAre(63.5, -32));
  EXPECT_THAT(net.layer(2).blobs(1).data(), ElementsAre(1, -1));
  ASSERT_EQ(net.layer(3).type(), "DeQuant");
  EXPECT_THAT(net.layer(3).blobs(0).data(), ElementsAre(0.125, 0.0625));
  EXPECT_THAT(net.layer(3).blobs(1).data(), ElementsAre(1, 2));
}

TEST_F(ExportAscendTest, TheRecordIsInCannsSchema) {
  ASSERT_OK(Export());
  amct::nnn::ScaleOffsetRecord record;
  ASSERT_TRUE(
      TextFormat::ParseFromString(files_["scale_offset_record.txt"], &record));
  ASSERT_EQ(record.record_size(), 3);
  EXPECT_EQ(record.record(0).value().offset_d(), -14);
  EXPECT_THAT(record.record(0).value().shift_bit(), ElementsAre(1, 2));
  EXPECT_EQ(record.record(2).value().scale_w_size(), 0);
}

TEST_F(ExportAscendTest, QuantJsonNamesTheDequantLayersOrigin) {
  ASSERT_OK(Export());
  const auto ops =
      nlohmann::json::parse(files_["net_quant.json"])["graph"][0]["op"];
  ASSERT_EQ(ops[2]["name"], "conv1");
  EXPECT_TRUE(ops[2].contains("attr"));
  EXPECT_FALSE(ops[2].contains("output_desc"));
  ASSERT_EQ(ops[3]["name"], "conv1_dequant_layer");
  EXPECT_EQ(ops[3]["attr"][0]["value"]["list"]["s"][0], "conv1");
  EXPECT_TRUE(ops[3].contains("output_desc"));
}

TEST_F(ExportAscendTest, RecordsThatDoNotFitAreRefused) {
  record_.mutable_record(0)->mutable_value()->add_shift_bit(1);
  EXPECT_THAT(Export(), HasReason("RECORD_INVALID"));
  record_.mutable_record(0)->mutable_value()->clear_shift_bit();
  auto* entry = record_.add_record();
  entry->set_key("sum");
  entry->mutable_value()->add_record_d()->set_index(0);
  EXPECT_THAT(Export(), HasReason("OPTION_CONFLICT"));
}

}  // namespace
}  // namespace quantd
