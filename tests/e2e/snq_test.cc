// Non-uniform weights and batch-norm update through quantctl: AMCT's own
// example of a configuration, its intermediate files, and what is done with
// them.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/amct/calibration_param.pb.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"
#include "tests/testing/local_quantctl.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using testing::DigitsFile;
using testing::FreshDirectory;
using testing::ReadFile;
using testing::Runfile;
using testing::RunResult;

namespace fs = std::filesystem;

constexpr absl::Duration kPatience = absl::Seconds(120);

// As the guide prints it: the first layer and InnerProduct uniform, all others
// by SNQ.
constexpr char kGuideExample[] = R"(# global quantize parameter
skip_layers : "pool1"
skip_layer_types:"Softmax"
do_fusion: true
skip_fusion_layers : "conv1"
update_bn: true
bn_update_config : {
    bn_update_iterations : 30
    bn_moving_average_fraction: 0.5
    bn_dump_dir: 'tmp/bn_data'
}
common_config : {
    ifmr_quantize : {
        search_range_start : 0.7
        search_range_end : 1.3
        search_step : 0.01
        max_percentile : 0.999999
        min_percentile : 0.999999
        num_bits:8
    }
    snq_quantize : {
        channel_wise : true
        max_iteration : 1000
        min_distance : 1e-10
        init_algo : 'gaussian'
    }
}

override_layer_types : {
    layer_type : "InnerProduct"
    calibration_config : {
        ifmr_quantize : {
            search_range_start : 0.7
            search_range_end : 1.3
            search_step : 0.01
            max_percentile : 0.999999
            min_percentile : 0.999999
            num_bits:8
        }
        arq_quantize : {
            channel_wise : false
            num_bits:8
        }
    }
}

override_layer_configs : {
    layer_name : "conv1"
    calibration_config : {
        arq_quantize : {
            channel_wise : true
            num_bits:8
        }
        ifmr_quantize : {
            search_range_start : 0.8
            search_range_end : 1.2
            search_step : 0.02
            max_percentile : 0.999999
            min_percentile : 0.999999
            num_bits:8
        }
    }
}
)";

std::string WriteConfig(const std::string& text) {
  const std::string path = FreshDirectory("config") + "/quant.cfg";
  std::ofstream(path) << text;
  return path;
}

RunResult Quantctl(std::vector<std::string> words) {
  words.insert(words.begin(), {Runfile("client/cli/quantctl"), "--local"});
  return testing::RunProgram(words, kPatience);
}

RunResult Calibrate(const std::string& net, const std::string& config,
                    const std::string& out,
                    const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"calibrate",
                                    "--model",
                                    DigitsFile(net + "_deploy.prototxt"),
                                    "--weights",
                                    DigitsFile(net + ".caffemodel"),
                                    "--data",
                                    DigitsFile("digits_calibration_lmdb"),
                                    "--scale=0.00390625",
                                    "--batch-size=16",
                                    "--batch-num=4",
                                    "--name=net",
                                    "--config",
                                    config,
                                    "--out",
                                    out};
  words.insert(words.end(), more.begin(), more.end());
  return Quantctl(words);
}

// A value that a command printed as "key\tvalue".
double ValueOf(const std::string& out, const std::string& key) {
  for (const absl::string_view line : absl::StrSplit(out, '\n')) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    double value = 0;
    if (fields[0] == key && absl::SimpleAtod(fields[1], &value)) return value;
  }
  ADD_FAILURE() << "no " << key << " in " << out;
  return 0;
}

template <typename Message>
Message ReadText(const std::string& path) {
  Message message;
  EXPECT_TRUE(
      google::protobuf::TextFormat::ParseFromString(ReadFile(path), &message))
      << path;
  return message;
}

caffe::NetParameter ReadCaffemodel(const std::string& path) {
  caffe::NetParameter net;
  EXPECT_TRUE(net.ParseFromString(ReadFile(path))) << path;
  return net;
}

const amct::SingleLayerRecord& RecordOf(const amct::ScaleOffsetRecord& record,
                                        const std::string& layer) {
  for (const auto& entry : record.record()) {
    if (entry.key() == layer) return entry.value();
  }
  ADD_FAILURE() << "no record of " << layer;
  return amct::SingleLayerRecord::default_instance();
}

const caffe::LayerParameter& LayerOf(const caffe::NetParameter& net,
                                     const std::string& name) {
  for (const auto& layer : net.layer()) {
    if (layer.name() == name) return layer;
  }
  ADD_FAILURE() << "no layer " << name;
  return caffe::LayerParameter::default_instance();
}

// Checks that the integers of `layer` in the deploy model are those of its
// table, and the floats of the fake-quant model these times the step.
void CheckLayer(const std::string& out, const std::string& layer) {
  const auto record = ReadText<amct::ScaleOffsetRecord>(
      out + "/scale_offset_record_update.txt");
  const amct::SingleLayerRecord& factors = RecordOf(record, layer);
  EXPECT_EQ(factors.num_bits_w(), 4);
  const auto params = ReadText<calibration::CalibrationParam>(
      out + "/net_quant_param_record.txt");
  const auto entry = std::find_if(
      params.layer().begin(), params.layer().end(),
      [&layer](const auto& other) { return other.name() == layer; });
  ASSERT_NE(entry, params.layer().end());
  const calibration::FactorParam& weight = entry->quant_param().weight();
  EXPECT_EQ(weight.data_type(), calibration::S8);
  const int channels = factors.scale_w_size();
  ASSERT_GT(channels, 1);
  ASSERT_EQ(weight.scale_size(), channels);
  ASSERT_EQ(weight.params().size(), size_t{16} * channels);

  const std::string codes =
      LayerOf(ReadCaffemodel(out + "/net_deploy_weights.caffemodel"), layer)
          .blobs(0)
          .int8_data();
  const caffe::NetParameter fake =
      ReadCaffemodel(out + "/net_fake_quant_weights.caffemodel");
  const auto& floats = LayerOf(fake, layer).blobs(0).data();
  ASSERT_EQ(static_cast<size_t>(floats.size()), codes.size());
  const size_t per_channel = codes.size() / channels;
  for (size_t i = 0; i < codes.size(); ++i) {
    const size_t channel = i / per_channel;
    const std::string table = weight.params().substr(16 * channel, 16);
    ASSERT_NE(table.find(codes[i]), std::string::npos) << i;
    ASSERT_EQ(floats[static_cast<int>(i)],
              static_cast<float>(static_cast<signed char>(codes[i])) *
                  factors.scale_w(static_cast<int>(channel)))
        << i;
  }
}

TEST(SnqTest, TheGuidesExampleKeepsTheAccuracy) {
  const std::string out = FreshDirectory("out");
  const RunResult result = Calibrate(
      "digitnet", WriteConfig(kGuideExample), out,
      {"--keep-intermediate", "--eval-data", DigitsFile("digits_test_lmdb")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_GE(ValueOf(result.out, "quantized.top1"),
            ValueOf(result.out, "float.top1") - 0.015);

  // The guide's files, and the one that shows its choices.
  const std::set<std::string> expected = {
      "net_deploy_model.prototxt",
      "net_deploy_weights.caffemodel",
      "net_fake_quant_model.prototxt",
      "net_fake_quant_weights.caffemodel",
      "net_quant.json",
      "net_quant_param_record.txt",
      "net_quant_param_record.bin",
      "net_config.json",
      "modified_model.prototxt",
      "modified_model.caffemodel",
      "activation_modified_model.prototxt",
      "activation_modified_model.caffemodel",
      "scale_offset_record.txt",
      "scale_offset_record_update.txt",
      "bn_conv1.0.binaryproto",
      "bn_conv1.1.binaryproto",
      "bn_conv1.2.binaryproto"};
  for (const std::string& name : expected) {
    EXPECT_TRUE(fs::exists(out + "/" + name)) << name;
  }
  EXPECT_TRUE(absl::StrContains(ReadFile(out + "/net_config.json"),
                                "\"wts_algo\":\"snq_quantize\""));
  for (const char* layer : {"res2a_branch2a", "conv3_pw", "conv4"}) {
    CheckLayer(out, layer);
  }

  // Before fusion: weights alone. After it: other steps, and the data's.
  const auto before =
      ReadText<amct::ScaleOffsetRecord>(out + "/scale_offset_record.txt");
  const auto after = ReadText<amct::ScaleOffsetRecord>(
      out + "/scale_offset_record_update.txt");
  EXPECT_EQ(RecordOf(before, "conv4").record_d_size(), 0);
  EXPECT_EQ(RecordOf(after, "conv4").record_d_size(), 1);
  EXPECT_EQ(RecordOf(after, "conv1").num_bits_w(), 8);
  EXPECT_NE(RecordOf(before, "conv4").scale_w(0),
            RecordOf(after, "conv4").scale_w(0));
}

// The float prototxt with the updated weights and the record of the fused model
// are all that there is to know.
TEST(SnqTest, TheIntermediateFilesConvertToTheSameModel) {
  const std::string out = FreshDirectory("out");
  ASSERT_EQ(Calibrate("digitnet", WriteConfig(kGuideExample), out,
                      {"--keep-intermediate"})
                .status,
            0);
  const std::string converted = FreshDirectory("converted");
  const RunResult result =
      Quantctl({"convert", "--model", DigitsFile("digitnet_deploy.prototxt"),
                "--weights", out + "/modified_model.caffemodel", "--record",
                out + "/scale_offset_record_update.txt", "--name=net", "--out",
                converted});
  ASSERT_EQ(result.status, 0) << result.err;
  for (const auto& entry : fs::directory_iterator(converted)) {
    const std::string name = "/" + entry.path().filename().string();
    EXPECT_TRUE(ReadFile(converted + name) == ReadFile(out + name)) << name;
  }

  const std::string fake = converted + "/net_fake_quant_model.prototxt";
  const std::string weights = converted + "/net_fake_quant_weights.caffemodel";
  const RunResult accuracy =
      Quantctl({"evaluate", "--model", fake, "--weights", weights, "--data",
                DigitsFile("digits_test_lmdb"), "--scale=0.00390625"});
  ASSERT_EQ(accuracy.status, 0) << accuracy.err;
  const RunResult compared =
      Quantctl({"compare", "--model", DigitsFile("digitnet_deploy.prototxt"),
                "--weights", DigitsFile("digitnet.caffemodel"),
                "--quantized-model", fake, "--quantized-weights", weights,
                "--data", DigitsFile("digits_calibration_lmdb"),
                "--scale=0.00390625", "--out", FreshDirectory("compared")});
  EXPECT_EQ(compared.status, 0) << compared.err;
}

TEST(SnqTest, TheConfigurationThatIsWrittenGivesTheSameModel) {
  const std::string first = FreshDirectory("first");
  const std::string second = FreshDirectory("second");
  ASSERT_EQ(Calibrate("digitnet", WriteConfig(kGuideExample), first).status, 0);
  const RunResult result =
      Calibrate("digitnet", first + "/net_config.json", second);
  ASSERT_EQ(result.status, 0) << result.err;
  int files = 0;
  for (const auto& entry : fs::directory_iterator(first)) {
    const std::string name = "/" + entry.path().filename().string();
    if (absl::StrContains(name, "_report.")) continue;  // Of this run.
    EXPECT_TRUE(ReadFile(first + name) == ReadFile(second + name)) << name;
    ++files;
  }
  EXPECT_EQ(files, 10);
}

TEST(SnqTest, EveryInitialisationAndOneTableALayer) {
  for (const char* init : {"uniform", "gaussian", "d2sampling"}) {
    const std::string config = WriteConfig(absl::StrReplaceAll(
        kGuideExample, {{"update_bn: true", "update_bn: false"},
                        {"'gaussian'", absl::StrCat("'", init, "'")},
                        {"channel_wise : true\n        max_iteration",
                         "channel_wise : false\n        max_iteration"}}));
    const std::string out = FreshDirectory("out");
    const RunResult result = Calibrate("digitnet", config, out);
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_FALSE(fs::exists(out + "/modified_model.prototxt"));
    EXPECT_FALSE(fs::exists(out + "/scale_offset_record_update.txt"));
    const auto record =
        ReadText<amct::ScaleOffsetRecord>(out + "/scale_offset_record.txt");
    EXPECT_EQ(RecordOf(record, "conv4").scale_w_size(), 1);
    EXPECT_EQ(RecordOf(record, "conv4").num_bits_w(), 4);
  }
}

TEST(SnqTest, BadConfigurationsAreRefusedByKey) {
  const struct {
    const char* net;
    const char* from;
    const char* to;
    std::vector<std::string> parts;
  } cases[] = {
      {"lenet", "30", "30", {"quant.cfg:6:1", "update_bn", "BatchNorm"}},
      {"digitnet", "1000", "499", {"max_iteration", "499", "[500, 2000]"}},
      {"digitnet", "1e-10", "1e-11", {"min_distance", "[1e-10, 1e-3]"}},
      {"digitnet", "gaussian", "random", {"init_algo", "d2sampling"}},
      {"digitnet", ": 30", ": 1000", {"bn_update_iterations", "(0, 1000)"}},
      {"digitnet", ": 0.5", ": 1.0", {"bn_moving_average_fraction", "(0, 1)"}},
      {"digitnet", "tmp/bn_data", "", {"bn_dump_dir"}},
  };
  for (const auto& c : cases) {
    const std::string config =
        WriteConfig(absl::StrReplaceAll(kGuideExample, {{c.from, c.to}}));
    const std::string out = FreshDirectory("out");
    const RunResult result = Calibrate(c.net, config, out);
    EXPECT_EQ(result.status, 3) << c.to;
    for (const std::string& part : c.parts) {
      EXPECT_TRUE(absl::StrContains(result.err, part))
          << part << ": " << result.err;
    }
    EXPECT_TRUE(fs::is_empty(out)) << c.to;
  }
}

}  // namespace
}  // namespace quantd
