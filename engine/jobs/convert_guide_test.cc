// The record that AMCT's guide prints as an example, converted.
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "base/testing/status_matchers.h"
#include "engine/jobs/convert.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::RecordingMonitor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// As it is printed: conv1 has two fields that the guide's schema does not list,
// and lacks a brace behind record_d.
constexpr char kPrinted[] = R"(record {
    key: "conv1"
    value: {
        scale_d: 0.01424
        offset_d: -128
        scale_w: 0.43213
        scale_w: 0.78163
        scale_w: 1.03213
        offset_w: 0
        offset_w: 0
        offset_w: 0
        shift_bit: 1
        shift_bit: 1
        shift_bit: 1
        num_bits_w: 8        record_d {
          scale_d: 1.554879
          offset_d: -49
          index: 0
          num_bits_d: 8
        }
} record {
  key: "pool1"
  value {
    scale_w: 1.0
    offset_w: 0
    record_d {
      scale_d: 0.051592775
      offset_d: -128
      index: 0
      num_bits_d: 8
    }
  }
}
record {
  key: "fc1000"
  value {
    scale_w: 0.0057898927
    offset_w: 0
    shift_bit: 2
    num_bits_w: 8
    record_d {
      scale_d: 0.031852875
      offset_d: -128
      index: 0
      num_bits_d: 8
    }
  }
}
)";

constexpr char kPrototxt[] = R"(
  layer { name: 'in' type: 'Input' top: 'data'
          input_param { shape { dim: [1, 1, 4, 4] } } }
  layer { name: 'conv1' type: 'Convolution' bottom: 'data' top: 'conv1'
          convolution_param { num_output: 3 kernel_size: 1 } }
  layer { name: 'pool1' type: 'Pooling' bottom: 'conv1' top: 'pool1'
          pooling_param { pool: AVE kernel_size: 4 } }
  layer { name: 'fc1000' type: 'InnerProduct' bottom: 'pool1' top: 'fc1000'
          inner_product_param { num_output: 1 } }
)";

constexpr char kWeights[] = R"(
  layer { name: 'conv1' type: 'Convolution'
          blobs { shape { dim: [3, 1, 1, 1] } data: [0.43213, 1.56326, -9] }
          blobs { shape { dim: 3 } data: [0, 0, 0] } }
  layer { name: 'fc1000' type: 'InnerProduct'
          blobs { shape { dim: [1, 3] } data: [0.5, -0.25, 0] }
          blobs { shape { dim: 1 } data: 0 } }
)";

absl::StatusOr<JobOutput> Convert(const std::string& record) {
  caffe::NetParameter weights;
  EXPECT_TRUE(
      google::protobuf::TextFormat::ParseFromString(kWeights, &weights));
  const std::map<std::string, std::string> files = {
      {"net.prototxt", kPrototxt},
      {"net.caffemodel", weights.SerializeAsString()},
      {"record.txt", record}};
  v1::ConvertSpec spec;
  spec.mutable_model()->mutable_prototxt()->set_file_name("net.prototxt");
  spec.mutable_model()->mutable_weights()->set_file_name("net.caffemodel");
  spec.mutable_record()->set_file_name("record.txt");
  JobInputs inputs;
  inputs.read_blob =
      [&files](const v1::BlobRef& blob) -> absl::StatusOr<std::string> {
    return files.at(blob.file_name());
  };
  RecordingMonitor monitor;
  return RunConvert(spec, inputs, &monitor);
}

TEST(ConvertGuideTest, AsPrintedTheErrorHasItsPlace) {
  const absl::Status status = Convert(kPrinted).status();
  EXPECT_THAT(status, HasReason("RECORD_INVALID"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("record.txt:4:16"));
}

TEST(ConvertGuideTest, MendedItIsUsed) {
  const std::string record = absl::StrReplaceAll(
      kPrinted, {{"        scale_d: 0.01424\n        offset_d: -128\n", ""},
                 {"        }\n} record {", "        }\n} } record {"}});
  ASSERT_OK_AND_ASSIGN(const JobOutput output, Convert(record));
  ASSERT_EQ(output.records.size(), 3u);
  EXPECT_EQ(output.records[0].layer(), "conv1");
  ASSERT_EQ(output.records[0].activations_size(), 1);
  EXPECT_FLOAT_EQ(output.records[0].activations(0).scale_d(), 1.554879f);
  EXPECT_EQ(output.records[0].activations(0).offset_d(), -49);
  for (const OutputFile& file : output.files) {
    if (!absl::StrContains(file.name, "deploy_weights")) continue;
    caffe::NetParameter net;
    ASSERT_TRUE(net.ParseFromString(file.contents));
    const std::string& codes = net.layer(1).blobs(0).int8_data();
    EXPECT_THAT(std::string(codes), ElementsAre(1, 2, -9));
  }
}

}  // namespace
}  // namespace quantd
