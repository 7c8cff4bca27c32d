#include "engine/jobs/uninplace_model.h"

#include <map>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::RecordingMonitor;
using ::testing::SizeIs;

absl::StatusOr<JobOutput> RunOn(const std::string& prototxt) {
  v1::UninplaceSpec spec;
  spec.mutable_model()->mutable_prototxt()->set_file_name("net.prototxt");
  JobInputs inputs;
  inputs.read_blob = [&prototxt](const v1::BlobRef&) {
    return absl::StatusOr<std::string>(prototxt);
  };
  RecordingMonitor monitor;
  return RunUninplace(spec, inputs, &monitor);
}

TEST(UninplaceModelTest, WritesTheTestNetWithoutInPlaceLayers) {
  ASSERT_OK_AND_ASSIGN(const JobOutput output, RunOn(R"(
    layer { name: "data" type: "ImageData" top: "data" top: "label"
            include { phase: TRAIN } image_data_param { source: "list.txt" } }
    layer { name: "input" type: "Input" top: "data"
            include { phase: TEST }
            input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }
    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 2 kernel_size: 1 } }
    layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
    layer { name: "ip1" type: "InnerProduct" bottom: "conv1" top: "ip1"
            inner_product_param { num_output: 2 } })"));
  ASSERT_THAT(output.files, SizeIs(1));
  EXPECT_EQ(output.files[0].name, "uninplace.prototxt");
  caffe::NetParameter net;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      output.files[0].contents, &net));
  ASSERT_EQ(net.layer_size(), 4);
  EXPECT_EQ(net.layer(0).name(), "input");
  EXPECT_EQ(net.layer(2).bottom(0), "conv1");
  EXPECT_EQ(net.layer(2).top(0), "relu1");
  EXPECT_EQ(net.layer(3).bottom(0), "relu1");
}

TEST(UninplaceModelTest, CannsNetworksStayInItsDialect) {
  const std::string quant =
      "layer { name: 'in' type: 'Input' top: 'x' "
      "        input_param { shape { dim: 1 dim: 2 } } }"
      "layer { name: 'q' type: 'Quant' bottom: 'x' top: 'q' "
      "        quant_param { scale: 2 offset: ";
  const std::string rest =
      "layer { name: 'd' type: 'DeQuant' bottom: 'q' top: 'd' }";
  ASSERT_OK_AND_ASSIGN(const JobOutput cann,
                       RunOn(quant + "'\\200' } }" + rest));
  EXPECT_THAT(cann.files[0].contents,
              ::testing::HasSubstr("offset: \"\\200\""));
  ASSERT_OK_AND_ASSIGN(const JobOutput ss928, RunOn(quant + "-128 } }"));
  EXPECT_THAT(ss928.files[0].contents, ::testing::HasSubstr("offset: -128"));
}

TEST(UninplaceModelTest, ABadNetworkIsRefused) {
  EXPECT_THAT(RunOn("layer { name: ").status(), HasReason("PROTOTXT_PARSE"));
}

}  // namespace
}  // namespace quantd
