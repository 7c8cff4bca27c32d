#include "engine/jobs/inspect.h"

#include <map>

#include "base/testing/status_matchers.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::RecordingMonitor;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kNet[] = R"(
  layer { name: "data" type: "ImageData" top: "data" top: "label"
          include { phase: TEST } image_data_param { source: "list.txt" } }
  layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
          convolution_param { num_output: 2 kernel_size: 1 } }
  layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
  layer { name: "ip1" type: "InnerProduct" bottom: "conv1" top: "ip1"
          inner_product_param { num_output: 2 } })";

// Inspects files by name.
class InspectTest : public ::testing::Test {
 protected:
  InspectTest() : files_({{"net.prototxt", kNet}}) {
    Name("net.prototxt", spec_.mutable_model()->mutable_prototxt());
  }

  static void Name(const std::string& name, v1::BlobRef* blob) {
    blob->set_file_name(name);
  }

  absl::StatusOr<JobOutput> Run() {
    JobInputs inputs;
    inputs.read_blob = [this](const v1::BlobRef& blob) {
      return absl::StatusOr<std::string>(files_.at(blob.file_name()));
    };
    return RunInspect(spec_, inputs, &monitor_);
  }

  std::map<std::string, std::string> files_;
  v1::InspectSpec spec_;
  RecordingMonitor monitor_;
};

TEST_F(InspectTest, WritesTheDefaultsOfANetWithoutWeights) {
  ASSERT_OK_AND_ASSIGN(const JobOutput output, Run());
  ASSERT_THAT(output.files, SizeIs(1));
  EXPECT_EQ(output.files[0].name, "config.json");
  EXPECT_EQ(output.files[0].contents, R"({
    "version":1,
    "batch_num":1,
    "activation_offset":true,
    "do_fusion":true,
    "skip_fusion_layers":[],
    "conv1":{
        "quant_enable":true,
        "activation_quant_params":{
            "num_bits":8,
            "max_percentile":0.999999,
            "min_percentile":0.999999,
            "search_range":[
                0.7,
                1.3
            ],
            "search_step":0.01
        },
        "weight_quant_params":{
            "wts_algo":"arq_quantize",
            "channel_wise":true,
            "num_bits":8
        }
    },
    "relu1":{
        "quant_enable":false,
        "activation_quant_params":{
            "num_bits":8,
            "max_percentile":0.999999,
            "min_percentile":0.999999,
            "search_range":[
                0.7,
                1.3
            ],
            "search_step":0.01
        }
    },
    "ip1":{
        "quant_enable":true,
        "activation_quant_params":{
            "num_bits":8,
            "max_percentile":0.999999,
            "min_percentile":0.999999,
            "search_range":[
                0.7,
                1.3
            ],
            "search_step":0.01
        },
        "weight_quant_params":{
            "wts_algo":"arq_quantize",
            "channel_wise":false,
            "num_bits":8
        }
    }
})");
  EXPECT_EQ(output.result.num_layers_quantized(), 2);
  EXPECT_EQ(output.result.num_layers_float(), 1);
  ASSERT_THAT(output.result.phase_times(), SizeIs(2));
  EXPECT_EQ(output.result.phase_times(0).phase(), "LOAD");
  EXPECT_EQ(output.result.phase_times(1).phase(), "EMIT");
}

TEST_F(InspectTest, ASimplifiedConfigurationIsSpelledOut) {
  files_["quant.cfg"] =
      "batch_num: 2 skip_layers: 'ip1'"
      "common_config { ifmr_quantize { num_bits: 12 } }";
  Name("quant.cfg", spec_.mutable_config());
  ASSERT_OK_AND_ASSIGN(const JobOutput first, Run());
  const std::string& json = first.files[0].contents;
  EXPECT_THAT(json, HasSubstr("\"batch_num\":2,"));
  EXPECT_THAT(json, HasSubstr("\"num_bits\":12,"));
  EXPECT_THAT(json, HasSubstr("\"ip1\":{\n        \"quant_enable\":false,"));
  EXPECT_EQ(first.result.num_layers_quantized(), 1);

  // What was written is a configuration itself.
  files_["config.json"] = json;
  Name("config.json", spec_.mutable_config());
  ASSERT_OK_AND_ASSIGN(const JobOutput second, Run());
  EXPECT_EQ(second.files[0].contents, json);
}

TEST_F(InspectTest, WhatIsWrongIsReported) {
  files_["quant.cfg"] = "skip_layers: 'conv2'";
  Name("quant.cfg", spec_.mutable_config());
  EXPECT_THAT(Run(), HasReason("LAYER_NOT_FOUND"));
  spec_.clear_config();
  files_["net.caffemodel"] = "";
  Name("net.caffemodel", spec_.mutable_model()->mutable_weights());
  EXPECT_THAT(Run(), HasReason("CAFFEMODEL_EMPTY"));
  files_["net.caffemodel"] = "no caffemodel";
  EXPECT_THAT(Run(), HasReason("CAFFEMODEL_PARSE"));
  spec_.mutable_model()->clear_weights();
  files_["net.prototxt"] = "";
  EXPECT_THAT(Run(), HasReason("PROTOTXT_EMPTY"));
  files_["net.prototxt"] =
      "layer { name: 'd' type: 'Input' top: 'd' input_param { shape { dim: 1 } "
      "} }";
  EXPECT_THAT(Run(), HasReason("NOTHING_QUANTIZED"));
}

TEST_F(InspectTest, CanBeCancelled) {
  monitor_.cancelled = true;
  EXPECT_THAT(Run(), HasReason("CANCELLED_BY_USER"));
}

TEST_F(InspectTest, AscendHasFewerLayers) {
  spec_.set_target(v1::TARGET_ASCEND);
  ASSERT_OK_AND_ASSIGN(const JobOutput output, Run());
  EXPECT_THAT(output.files[0].contents, HasSubstr("\"ip1\""));
  EXPECT_THAT(output.files[0].contents, ::testing::Not(HasSubstr("\"relu1\"")));
  EXPECT_EQ(output.result.num_layers_quantized(), 2);
  EXPECT_EQ(output.result.num_layers_float(), 0);
}

}  // namespace
}  // namespace quantd
