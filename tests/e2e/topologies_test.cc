// Small networks with the joints of those that users deploy: what stays float,
// and whether the deploy model computes what was simulated.
#include <algorithm>
#include <fstream>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/config/quantizable.h"
#include "engine/data/testing/test_tensors.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/report.pb.h"
#include "tests/bench/nets/random_weights.h"
#include "tests/testing/engine_job.h"
#include "tests/testing/subprocess.h"

namespace quantd::testing {
namespace {

using ::testing::UnorderedElementsAreArray;

constexpr int kRecords = 8;

struct Topology {
  std::string name;
  // Layers that stay float although they are quantized by default.
  std::vector<std::string> floats = {};
  // Whose order quantization changes: only convolutions are compared.
  bool has_boxes = false;
};

void PrintTo(const Topology& topology, std::ostream* out) {
  *out << topology.name;
}

std::vector<float> ValuesOf(const std::string& input, int64_t count,
                            std::mt19937* random) {
  std::vector<float> values(count);
  std::uniform_real_distribution<float> uniform(0, 1);
  for (float& value : values) value = uniform(*random);
  if (input == "im_info") values = {64, 64, 1};
  if (input == "cont") {
    std::fill(values.begin(), values.end(), 1.0f);
    values[0] = 0;
  }
  return values;
}

class TopologyTest : public ::testing::TestWithParam<Topology> {
 protected:
  TopologyTest() {
    const std::string path = Runfile(
        absl::StrCat("tests/data/topologies/", GetParam().name, ".prototxt"));
    prototxt_ = ReadFile(path);
    caffe::NetParameter net;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(prototxt_, &net));
    std::mt19937 random(7);
    std::vector<TestArray> arrays;
    for (const caffe::LayerParameter& layer : net.layer()) {
      if (layer.type() != "Input") continue;
      TestArray array;
      array.name = layer.top(0);
      const auto& dims = layer.input_param().shape(0).dim();
      // Of one record, but for what has no batch.
      const bool is_whole = array.name == "cont";
      int64_t count = 1;
      for (int i = is_whole ? 0 : 1; i < dims.size(); ++i) {
        array.record_shape.push_back(dims[i]);
        count *= dims[i];
      }
      for (int i = 0; i < kRecords; ++i) {
        for (float value : ValuesOf(array.name, count, &random)) {
          array.values.push_back(value);
        }
      }
      arrays.push_back(array);
    }
    data_ = WriteTensors(kRecords, arrays);
    const auto weighted = WithRandomWeights(net);
    EXPECT_TRUE(weighted.ok()) << weighted.status().ToString();
    if (weighted.ok()) weights_ = weighted->SerializeAsString();
  }

  v1::BlobRef File(const std::string& name, const std::string& contents) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << contents;
    return FileBlob(path);
  }

  // The file of `output` whose name ends in `suffix`.
  v1::BlobRef FileOf(const JobOutput& output, const std::string& suffix) const {
    return File(suffix, FileEndingIn(output, suffix));
  }

  absl::StatusOr<JobOutput> Calibrate() const {
    v1::JobSpec spec;
    v1::CalibrateSpec* calibrate = spec.mutable_calibrate();
    *calibrate->mutable_model()->mutable_prototxt() =
        File("net.prototxt", prototxt_);
    *calibrate->mutable_model()->mutable_weights() =
        File("net.caffemodel", weights_);
    calibrate->set_dataset_id(data_);
    calibrate->set_batch_size(1);
    calibrate->set_batch_num(kRecords);
    calibrate->set_target(target_);
    if (!config_.empty()) {
      *calibrate->mutable_config() = File("quant.cfg", config_);
    }
    return RunOnFiles(spec);
  }

  absl::StatusOr<JobOutput> Compare(const JobOutput& calibrated) const {
    v1::JobSpec spec;
    v1::CompareSpec* compare = spec.mutable_compare();
    *compare->mutable_model()->mutable_prototxt() =
        File("net.prototxt", prototxt_);
    *compare->mutable_model()->mutable_weights() =
        File("net.caffemodel", weights_);
    *compare->mutable_quantized()->mutable_prototxt() =
        FileOf(calibrated, "_fake_quant_model.prototxt");
    *compare->mutable_quantized()->mutable_weights() =
        FileOf(calibrated, "_fake_quant_weights.caffemodel");
    compare->set_dataset_id(data_);
    return RunOnFiles(spec);
  }

  absl::StatusOr<JobOutput> Verify(const JobOutput& calibrated) const {
    v1::JobSpec spec;
    v1::VerifySpec* verify = spec.mutable_verify();
    *verify->mutable_deploy()->mutable_prototxt() =
        FileOf(calibrated, "_deploy_model.prototxt");
    *verify->mutable_deploy()->mutable_weights() =
        FileOf(calibrated, "_deploy_weights.caffemodel");
    *verify->mutable_fake_quant()->mutable_prototxt() =
        FileOf(calibrated, "_fake_quant_model.prototxt");
    *verify->mutable_fake_quant()->mutable_weights() =
        FileOf(calibrated, "_fake_quant_weights.caffemodel");
    if (target_ != v1::TARGET_ASCEND) {
      *verify->mutable_quant_param_record() =
          FileOf(calibrated, "_quant_param_record.txt");
    }
    verify->set_dataset_id(data_);
    return RunOnFiles(spec);
  }

  void ExpectVerified() const {
    ASSERT_OK_AND_ASSIGN(const JobOutput calibrated, Calibrate());
    ASSERT_OK_AND_ASSIGN(const JobOutput verified, Verify(calibrated));
    EXPECT_TRUE(verified.result.verify().passed())
        << verified.result.verify().DebugString();
  }

  const std::string folder_ = FreshDirectory("topology");
  std::string prototxt_;
  std::string weights_;
  std::string data_;
  std::string config_;  // AMCT's simplified one; none if empty.
  v1::Target target_ = v1::TARGET_SS928;
};

TEST_P(TopologyTest, IsQuantizedAndVerified) {
  ASSERT_OK_AND_ASSIGN(const JobOutput calibrated, Calibrate());
  v1::CalibrationReport report;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(
                  FileEndingIn(calibrated, "_report.json"), &report)
                  .ok());
  std::vector<std::string> floats;
  for (const v1::FloatLayerReport& layer : report.float_layers()) {
    if (QuantizedByDefault(layer.type())) floats.push_back(layer.layer());
  }
  EXPECT_THAT(floats, UnorderedElementsAreArray(GetParam().floats));
  EXPECT_EQ(report.warnings_size() > 0, !floats.empty());

  ASSERT_OK_AND_ASSIGN(const JobOutput verified, Verify(calibrated));
  const v1::VerifyResult& result = verified.result.verify();
  EXPECT_TRUE(result.passed()) << result.DebugString();
  EXPECT_GE(result.layers_size(), report.weights_size());

  ASSERT_OK_AND_ASSIGN(const JobOutput compared, Compare(calibrated));
  for (const v1::BlobDifference& blob : compared.result.compare().blobs()) {
    if (GetParam().has_boxes && blob.type() != "Convolution") continue;
    EXPECT_GT(blob.cosine(), 0.97) << blob.layer() << " " << blob.type();
  }
}

TEST_P(TopologyTest, ItsRecordGivesItsFiles) {
  for (const v1::Target target : {v1::TARGET_SS928, v1::TARGET_ASCEND}) {
    target_ = target;
    ASSERT_OK_AND_ASSIGN(const JobOutput calibrated, Calibrate());
    v1::JobSpec spec;
    v1::ConvertSpec* convert = spec.mutable_convert();
    *convert->mutable_model()->mutable_prototxt() =
        File("net.prototxt", prototxt_);
    *convert->mutable_model()->mutable_weights() =
        File("net.caffemodel", weights_);
    *convert->mutable_record() = FileOf(calibrated, "scale_offset_record.txt");
    convert->set_target(target);
    ASSERT_OK_AND_ASSIGN(const JobOutput converted, RunOnFiles(spec));
    EXPECT_GE(converted.files.size(), 5u);
    for (const OutputFile& file : converted.files) {
      EXPECT_TRUE(FileEndingIn(calibrated, file.name) == file.contents)
          << file.name;
    }
  }
}

TEST_P(TopologyTest, Ascend) {
  target_ = v1::TARGET_ASCEND;
  ExpectVerified();
}

TEST_P(TopologyTest, SixteenBits) {
  config_ =
      "batch_num: 8 activation_offset: false "
      "common_config { ifmr_quantize { num_bits: 16 } }";
  ExpectVerified();
}

TEST_P(TopologyTest, NonUniformWeightsWithBatchNormUpdate) {
  config_ =
      "batch_num: 8 common_config { snq_quantize {} "
      "ifmr_quantize { num_bits: 8 } }";
  if (prototxt_.find("BatchNorm") != std::string::npos) {
    config_ += " update_bn: true bn_update_config { bn_update_iterations: 8 }";
  }
  ExpectVerified();
}

// All that the guide lists as off by default.
TEST_P(TopologyTest, EverythingOn) {
  config_ = "batch_num: 8 ";
  for (const char* type : {"ReLU", "PReLU", "BatchNorm", "Scale"}) {
    if (prototxt_.find(absl::StrCat("\"", type, "\"")) == std::string::npos) {
      continue;
    }
    absl::StrAppend(&config_, "override_layer_types { layer_type: \"", type,
                    "\" calibration_config { ifmr_quantize { num_bits: 8 } } "
                    "} ");
  }
  ExpectVerified();
}

INSTANTIATE_TEST_SUITE_P(
    Nets, TopologyTest,
    ::testing::Values(Topology{"crnn"}, Topology{"densenet", {"cat1", "cat2"}},
                      Topology{"faster_rcnn", {}, true}, Topology{"fcn"},
                      Topology{"inception"}, Topology{"light_cnn"},
                      Topology{"pspnet"}, Topology{"se_resnet", {"a_pool"}},
                      Topology{"segnet"}, Topology{"shufflenet"},
                      Topology{"ssd", {}, true}, Topology{"yolo"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace quantd::testing
