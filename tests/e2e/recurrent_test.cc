// LSTM, RNN and GRU through calibrate, convert and verify: a net that reads the
// rows of a digit one after the other.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "proto/amct/calibration_param.pb.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"
#include "tests/testing/engine_job.h"
#include "tests/testing/subprocess.h"

namespace quantd::testing {
namespace {

using ::google::protobuf::TextFormat;
using ::testing::HasSubstr;

// x is (28 rows, N, 28); cont is 0 for the first row and 1 behind it. The
// layers that make cont stay float, see kConfig.
constexpr char kNet[] = R"(
  layer { name: "data" type: "Input" top: "data"
          input_param { shape { dim: 1 dim: 1 dim: 28 dim: 28 } } }
  layer { name: "x" type: "Permute" bottom: "data" top: "x"
          permute_param { order: [2, 0, 1, 3] } }
  layer { name: "rows" type: "Permute" bottom: "data" top: "rows"
          permute_param { order: [2, 0, 1, 3] } }
  layer { name: "sum" type: "Reduction" bottom: "rows" top: "sum"
          reduction_param { axis: 2 } }
  layer { name: "parts" type: "Slice" bottom: "sum" top: "first" top: "others"
          slice_param { axis: 0 slice_point: 1 } }
  layer { name: "zero" type: "Power" bottom: "first" top: "zero"
          power_param { scale: 0 shift: 0 } }
  layer { name: "one" type: "Power" bottom: "others" top: "one"
          power_param { scale: 0 shift: 1 } }
  layer { name: "cont" type: "Concat" bottom: "zero" bottom: "one" top: "cont"
          concat_param { axis: 0 } }
  layer { name: "cell" type: "TYPE" bottom: "x" bottom: "cont" top: "h"
          recurrent_param { num_output: 6 } }
  layer { name: "steps" type: "Slice" bottom: "h" top: "before" top: "last"
          slice_param { axis: 0 slice_point: 27 } }
  layer { name: "rest" type: "Silence" bottom: "before" }
  layer { name: "turned" type: "Permute" bottom: "last" top: "turned"
          permute_param { order: [1, 0, 2] } }
  layer { name: "ip" type: "InnerProduct" bottom: "turned" top: "ip"
          inner_product_param { num_output: 10 } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
)";

// What makes the first row's cont.
constexpr char kFirst[] = "power_param { scale: 0 shift: 0 }";
constexpr char kNeverFirst[] = "power_param { scale: 0 shift: 1 }";

constexpr char kConfig[] = R"(
  skip_layer_types: "Permute"
  skip_layer_types: "Reduction"
  skip_layer_types: "Slice"
  skip_layer_types: "Power"
  skip_layer_types: "Concat"
)";

std::string WriteTemp(const std::string& name, const std::string& contents) {
  const std::string path = FreshDirectory("recurrent") + "/" + name;
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

std::string NetOf(const std::string& type) {
  std::string text = kNet;
  return text.replace(text.find("TYPE"), 4, type);
}

void AddBlob(const std::vector<int64_t>& dims, std::mt19937* random,
             caffe::LayerParameter* layer) {
  std::normal_distribution<float> normal(0, 0.3f);
  caffe::BlobProto* blob = layer->add_blobs();
  int64_t count = 1;
  for (const int64_t dim : dims) {
    blob->mutable_shape()->add_dim(dim);
    count *= dim;
  }
  for (int64_t i = 0; i < count; ++i) blob->add_data(normal(*random));
}

std::string WeightsOf(const std::string& type, bool with_static = false) {
  std::mt19937 random(3);
  const int64_t gates = type == "LSTM" ? 4 : type == "GRU" ? 3 : 1;
  caffe::NetParameter net;
  caffe::LayerParameter* cell = net.add_layer();
  cell->set_name("cell");
  cell->set_type(type);
  AddBlob({gates * 6, 28}, &random, cell);
  AddBlob({gates * 6}, &random, cell);
  if (with_static) AddBlob({gates * 6, 10}, &random, cell);
  AddBlob({gates * 6, 6}, &random, cell);
  if (type == "RNN") {
    AddBlob({6, 6}, &random, cell);
    AddBlob({6}, &random, cell);
  }
  caffe::LayerParameter* ip = net.add_layer();
  ip->set_name("ip");
  ip->set_type("InnerProduct");
  AddBlob({10, 6}, &random, ip);
  AddBlob({10}, &random, ip);
  caffe::LayerParameter* ip0 = net.add_layer();
  ip0->set_name("ip0");
  ip0->set_type("InnerProduct");
  AddBlob({10, 28 * 28}, &random, ip0);
  AddBlob({10}, &random, ip0);
  for (const char* name : {"h0_ip", "c0_ip"}) {
    caffe::LayerParameter* state = net.add_layer();
    state->set_name(name);
    state->set_type("InnerProduct");
    AddBlob({6, 10}, &random, state);
    AddBlob({6}, &random, state);
  }
  return net.SerializeAsString();
}

std::string Digits(const std::string& name) {
  return Runfile("tests/data/digits/" + name);
}

template <typename Message>
Message Parsed(const JobOutput& output, const std::string& suffix) {
  Message message;
  EXPECT_TRUE(
      TextFormat::ParseFromString(FileEndingIn(output, suffix), &message))
      << suffix;
  return message;
}

caffe::LayerParameter LayerOf(const JobOutput& output,
                              const std::string& suffix,
                              const std::string& name) {
  caffe::NetParameter net;
  EXPECT_TRUE(net.ParseFromString(FileEndingIn(output, suffix)));
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layer.name() == name) return layer;
  }
  ADD_FAILURE() << name;
  return {};
}

// `text` with its only `from` replaced.
std::string Replaced(std::string text, const std::string& from,
                     const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at == std::string::npos) return text;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class RecurrentTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetModel(v1::Model* model) const {
    *model->mutable_prototxt() = FileBlob(WriteTemp("net.prototxt", net_));
    *model->mutable_weights() = FileBlob(WriteTemp("net.caffemodel", weights_));
  }

  absl::StatusOr<JobOutput> Calibrate() const {
    v1::JobSpec spec;
    v1::CalibrateSpec* calibrate = spec.mutable_calibrate();
    SetModel(calibrate->mutable_model());
    *calibrate->mutable_config() = FileBlob(WriteTemp("quant.cfg", config_));
    calibrate->set_dataset_id(Digits("digits_calibration_lmdb"));
    calibrate->mutable_transform()->set_scale(0.00390625f);
    calibrate->set_batch_size(8);
    calibrate->set_batch_num(2);
    calibrate->set_name("net");
    return RunOnFiles(spec);
  }

  // On 40 records in passes of 16, 16 and 8. `deploy_weights`: instead of those
  // of the calibration, unless empty.
  static v1::VerifyResult Verify(
      const JobOutput& calibrated, const std::string& deploy_weights = "",
      std::vector<v1::JobWarning>* warnings = nullptr) {
    const auto file = [&](const std::string& name) {
      return FileBlob(WriteTemp(name, FileEndingIn(calibrated, name)));
    };
    v1::JobSpec spec;
    v1::VerifySpec* verify = spec.mutable_verify();
    *verify->mutable_deploy()->mutable_prototxt() =
        file("_deploy_model.prototxt");
    *verify->mutable_deploy()->mutable_weights() =
        deploy_weights.empty()
            ? file("_deploy_weights.caffemodel")
            : FileBlob(WriteTemp("other.caffemodel", deploy_weights));
    *verify->mutable_fake_quant()->mutable_prototxt() =
        file("_fake_quant_model.prototxt");
    *verify->mutable_fake_quant()->mutable_weights() =
        file("_fake_quant_weights.caffemodel");
    *verify->mutable_quant_param_record() = file("_quant_param_record.txt");
    verify->set_dataset_id(Digits("digits_test_lmdb"));
    verify->mutable_transform()->set_scale(0.00390625f);
    verify->set_max_records(40);
    std::vector<v1::JobWarning> all;
    const auto output = RunOnFiles(spec, &all);
    EXPECT_TRUE(output.ok()) << output.status().ToString();
    if (!output.ok()) return {};
    if (warnings == nullptr) {
      EXPECT_TRUE(all.empty()) << all[0].DebugString();
    } else {
      *warnings = all;
    }
    return output->result.verify();
  }

  // The deploy model's weights with another code in blob `blob` of `name`.
  static std::string WithOtherWeight(const JobOutput& calibrated,
                                     const std::string& name, int blob,
                                     int position = 3) {
    caffe::NetParameter deploy;
    EXPECT_TRUE(deploy.ParseFromString(
        FileEndingIn(calibrated, "_deploy_weights.caffemodel")));
    for (caffe::LayerParameter& layer : *deploy.mutable_layer()) {
      if (layer.name() != name) continue;
      char& code = layer.mutable_blobs(blob)->mutable_int8_data()->at(position);
      code = static_cast<char>(code > 0 ? code - 90 : code + 90);
    }
    return deploy.SerializeAsString();
  }

  static void ExpectNoDifference(const v1::VerifyResult& result) {
    EXPECT_TRUE(result.passed()) << result.DebugString();
    bool has_cell = false;
    for (const v1::VerifiedLayer& layer : result.layers()) {
      EXPECT_EQ(layer.weights().num_differing(), 0) << layer.DebugString();
      EXPECT_EQ(layer.inputs().num_differing(), 0) << layer.DebugString();
      EXPECT_EQ(layer.sums().num_differing(), 0) << layer.DebugString();
      EXPECT_EQ(layer.inputs_alone().num_differing(), 0);
      if (layer.layer() != "cell") continue;
      has_cell = true;
      EXPECT_TRUE(layer.integer());
      EXPECT_GT(layer.weights().num_elements(), 6 * 28);
      // x, and at least one state of each step.
      EXPECT_GE(layer.inputs().num_elements(), 40 * 28 * (28 + 6));
      EXPECT_GE(layer.sums().num_elements(), 2 * 40 * 28 * 6);
    }
    EXPECT_TRUE(has_cell);
    EXPECT_EQ(result.top1_agreement(), 1);
  }

  std::string net_ = NetOf(GetParam());
  std::string weights_ = WeightsOf(GetParam());
  std::string config_ = kConfig;
};

TEST_P(RecurrentTest, CalibratesAllWeightsAndX) {
  const auto output = Calibrate();
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  const auto record =
      Parsed<amct::ScaleOffsetRecord>(*output, "scale_offset_record.txt");
  const amct::SingleLayerRecord& cell = record.record(0).value();
  ASSERT_EQ(record.record(0).key(), "cell");
  const bool is_rnn = std::string(GetParam()) == "RNN";
  const int num_weights = is_rnn ? 3 : 2;
  EXPECT_EQ(cell.scale_w_size(), num_weights);
  EXPECT_EQ(cell.offset_w_size(), num_weights);
  ASSERT_EQ(cell.record_d_size(), 1);
  EXPECT_EQ(cell.record_d(0).index(), 0);

  const auto deploy = LayerOf(*output, "_deploy_weights.caffemodel", "cell");
  const auto fake = LayerOf(*output, "_fake_quant_weights.caffemodel", "cell");
  ASSERT_EQ(deploy.blobs_size(), is_rnn ? 5 : 3);
  int k = 0;
  for (int b = 0; b < deploy.blobs_size(); ++b) {
    const bool is_bias = b == 1 || b == 4;
    const float step = is_bias ? cell.scale_w(0) * cell.record_d(0).scale_d()
                               : cell.scale_w(k++);
    EXPECT_EQ(deploy.blobs(b).data_size(), 0);
    ASSERT_EQ(fake.blobs(b).data_size(),
              is_bias ? deploy.blobs(b).int32_data_size()
                      : static_cast<int>(deploy.blobs(b).int8_data().size()));
    int largest = 0;
    for (int i = 0; i < fake.blobs(b).data_size(); ++i) {
      const int code =
          is_bias ? deploy.blobs(b).int32_data(i)
                  : static_cast<signed char>(deploy.blobs(b).int8_data()[i]);
      EXPECT_EQ(fake.blobs(b).data(i), static_cast<float>(code) * step);
      largest = std::max(largest, std::abs(code));
    }
    EXPECT_GE(largest, is_bias ? 1 : 127) << "blob " << b;
  }
  const auto params =
      Parsed<calibration::CalibrationParam>(*output, "_quant_param_record.txt");
  for (const calibration::LayerParam& layer : params.layer()) {
    if (layer.name() != "cell") continue;
    EXPECT_EQ(layer.quant_param().weight().scale_size(), num_weights);
    EXPECT_EQ(layer.quant_param().input(0).data_type(), calibration::S8);
    EXPECT_EQ(layer.quant_param().input(1).data_type(), calibration::F16);
  }
  EXPECT_THAT(FileEndingIn(*output, "_fake_quant_model.prototxt"),
              HasSubstr("cell_0_quant_layer"));
}

TEST_P(RecurrentTest, ConvertsByItsOwnRecordToTheSameFiles) {
  const auto calibrated = Calibrate();
  ASSERT_TRUE(calibrated.ok()) << calibrated.status().ToString();
  v1::JobSpec spec;
  v1::ConvertSpec* convert = spec.mutable_convert();
  SetModel(convert->mutable_model());
  *convert->mutable_record() = FileBlob(
      WriteTemp("r.txt", FileEndingIn(*calibrated, "scale_offset_record.txt")));
  convert->set_name("net");
  const auto output = RunOnFiles(spec);
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  for (const char* suffix :
       {"_deploy_weights.caffemodel", "_fake_quant_weights.caffemodel",
        "_fake_quant_model.prototxt", "_quant_param_record.txt"}) {
    EXPECT_EQ(FileEndingIn(*output, suffix), FileEndingIn(*calibrated, suffix))
        << suffix;
  }
}

TEST_P(RecurrentTest, VerifyFindsNoDifference) {
  const auto calibrated = Calibrate();
  ASSERT_TRUE(calibrated.ok()) << calibrated.status().ToString();
  ExpectNoDifference(Verify(*calibrated));
}

TEST_P(RecurrentTest, VerifyFindsAWrongWeight) {
  const auto calibrated = Calibrate();
  ASSERT_TRUE(calibrated.ok()) << calibrated.status().ToString();
  for (const int blob : {0, 2}) {
    const v1::VerifyResult result =
        Verify(*calibrated, WithOtherWeight(*calibrated, "cell", blob));
    EXPECT_FALSE(result.passed());
    ASSERT_GT(result.layers_size(), 0);
    const v1::VerifiedLayer& cell = result.layers(0);
    EXPECT_EQ(cell.weights().num_differing(), 1);
    EXPECT_GT(cell.sums().num_differing(), 0);
    EXPECT_GT(cell.inputs().num_differing(), 0);  // Its states.
    EXPECT_GT(cell.inputs_alone().num_differing(),
              cell.inputs().num_differing());
  }
}

// The states of a pass are those that the pass before ended with.
TEST_P(RecurrentTest, VerifyCarriesStatesFromPassToPass) {
  net_ = Replaced(net_, kFirst, kNeverFirst);
  const auto calibrated = Calibrate();
  ASSERT_TRUE(calibrated.ok()) << calibrated.status().ToString();
  ExpectNoDifference(Verify(*calibrated));
}

// scores, (N, 10), are what the cell reads besides.
constexpr char kScores[] = R"(
  layer { name: "image" type: "Permute" bottom: "data" top: "image"
          permute_param { order: [0, 1, 3, 2] } }
  layer { name: "ip0" type: "InnerProduct" bottom: "image" top: "scores"
          inner_product_param { num_output: 10 } }
)";

class StaticInputTest : public RecurrentTest {
 protected:
  StaticInputTest() {
    net_ = Replaced(net_, "bottom: \"cont\" top: \"h\"",
                    "bottom: \"cont\" bottom: \"scores\" top: \"h\"");
    net_ = Replaced(net_, "layer { name: \"cell\"",
                    absl::StrCat(kScores, "layer { name: \"cell\""));
    weights_ = WeightsOf(GetParam(), /*with_static=*/true);
  }
};

TEST_P(StaticInputTest, VerifyFindsNoDifference) {
  const auto calibrated = Calibrate();
  ASSERT_TRUE(calibrated.ok()) << calibrated.status().ToString();
  ExpectNoDifference(Verify(*calibrated));
}

// What is wrong before the cell changes what it carries where the deploy model
// runs alone, and nothing where it has the fake-quant model's integers.
TEST_P(StaticInputTest, VerifyKeepsTheStatesOfItsTwoRunsApart) {
  net_ = Replaced(net_, kFirst, kNeverFirst);
  const auto calibrated = Calibrate();
  ASSERT_TRUE(calibrated.ok()) << calibrated.status().ToString();
  const v1::VerifyResult result =
      Verify(*calibrated, WithOtherWeight(*calibrated, "ip0", 0, 400));
  EXPECT_FALSE(result.passed());
  ASSERT_GT(result.layers_size(), 1);
  const v1::VerifiedLayer& cell = result.layers(1);
  ASSERT_EQ(cell.layer(), "cell");
  EXPECT_EQ(cell.sums().num_differing(), 0);
  EXPECT_GT(cell.inputs().num_differing(), 0);
  EXPECT_LE(cell.inputs().num_differing(), 40 * 10);  // Of the static input.
  EXPECT_GT(cell.inputs_alone().num_differing(), 40 * 10);
}

// The states to start with are parts of the scores.
TEST_P(RecurrentTest, VerifyFindsNoDifferenceWithExposedStates) {
  const bool is_lstm = std::string(GetParam()) == "LSTM";
  std::string states = kScores;
  for (const char* state : {"h0", "c0"}) {
    if (state == std::string("c0") && !is_lstm) continue;
    absl::StrAppend(
        &states, "layer { name: '", state, "_ip' type: 'InnerProduct' ",
        "bottom: 'scores' top: '", state,
        "_ip' inner_product_param { num_output: 6 } } layer { name: '", state,
        "_shape' type: 'Reshape' bottom: '", state, "_ip' top: '", state,
        "_shape' reshape_param { shape { dim: 0 dim: 1 dim: 6 } } } ",
        "layer { name: '", state, "' type: 'Permute' bottom: '", state,
        "_shape' top: '", state, "' permute_param { order: [1, 0, 2] } } ");
  }
  net_ = Replaced(net_, "bottom: \"cont\" top: \"h\"",
                  is_lstm ? "bottom: 'cont' bottom: 'h0' bottom: 'c0' "
                            "top: 'h' top: 'h1' top: 'c1'"
                          : "bottom: 'cont' bottom: 'h0' top: 'h' top: 'h1'");
  net_ =
      Replaced(net_, "num_output: 6 }", "num_output: 6 expose_hidden: true }");
  net_ = Replaced(net_, "layer { name: \"cell\"",
                  absl::StrCat(states, "layer { name: \"cell\""));
  const auto calibrated = Calibrate();
  ASSERT_TRUE(calibrated.ok()) << calibrated.status().ToString();
  ExpectNoDifference(Verify(*calibrated));
}

// Sums of 16-bit integers pass 2^24.
TEST_P(RecurrentTest, VerifyFindsNoDifferenceWith16Bits) {
  config_ = absl::StrCat(kConfig,
                         "common_config: { ifmr_quantize: { num_bits: 16 } }");
  const auto calibrated = Calibrate();
  ASSERT_TRUE(calibrated.ok()) << calibrated.status().ToString();
  const v1::VerifyResult result = Verify(*calibrated);
  ExpectNoDifference(result);
  EXPECT_EQ(result.layers(0).num_bits_d(), 16);
}

INSTANTIATE_TEST_SUITE_P(Types, RecurrentTest,
                         ::testing::Values("LSTM", "RNN", "GRU"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

INSTANTIATE_TEST_SUITE_P(Types, StaticInputTest,
                         ::testing::Values("LSTM", "RNN", "GRU"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

}  // namespace
}  // namespace quantd::testing
