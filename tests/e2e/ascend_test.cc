// `--target ascend` through quantctl: what calibrate, convert, config create,
// evaluate and verify do with CANN's files.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "proto/amct/scale_offset_record_nnn.pb.h"
#include "proto/caffe/caffe.pb.h"
#include "tests/testing/local_quantctl.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using testing::DigitsFile;
using testing::FreshDirectory;
using testing::LocalQuantctl;
using testing::ReadFile;
using testing::RunResult;

namespace fs = std::filesystem;

std::vector<std::string> Network(const std::string& command) {
  return {command, "--model", DigitsFile("digitnet_deploy.prototxt"),
          "--weights", DigitsFile("digitnet.caffemodel")};
}

RunResult Calibrate(const std::string& out,
                    const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = Network("calibrate");
  words.insert(words.end(),
               {"--data", DigitsFile("digits_calibration_lmdb"),
                "--scale=0.00390625", "--batch-size=32", "--batch-num=1",
                "--name=net", "--target=ascend", "--out", out});
  words.insert(words.end(), more.begin(), more.end());
  return LocalQuantctl(words);
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

// Caffe's schema as CANN publishes it: quant_param.offset is bytes.
class CannSchema {
 public:
  CannSchema() {
    const auto* caffe = caffe::NetParameter::descriptor()->file();
    for (int i = 0; i < caffe->dependency_count(); ++i) {
      google::protobuf::FileDescriptorProto file;
      caffe->dependency(i)->CopyTo(&file);
      EXPECT_NE(pool_.BuildFile(file), nullptr);
    }
    google::protobuf::FileDescriptorProto file;
    caffe->CopyTo(&file);
    for (auto& message : *file.mutable_message_type()) {
      if (message.name() != "QuantParameter") continue;
      for (auto& field : *message.mutable_field()) {
        if (field.name() == "offset") {
          field.set_type(google::protobuf::FieldDescriptorProto::TYPE_BYTES);
        }
      }
    }
    EXPECT_NE(pool_.BuildFile(file), nullptr);
  }

  std::unique_ptr<google::protobuf::Message> NewNet() {
    return std::unique_ptr<google::protobuf::Message>(
        factory_
            .GetPrototype(pool_.FindMessageTypeByName("caffe.NetParameter"))
            ->New());
  }

 private:
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
};

caffe::NetParameter ReadCaffemodel(const std::string& path) {
  caffe::NetParameter net;
  EXPECT_TRUE(net.ParseFromString(ReadFile(path))) << path;
  return net;
}

std::map<std::string, amct::nnn::SingleLayerRecord> ReadRecord(
    const std::string& out) {
  amct::nnn::ScaleOffsetRecord record;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      ReadFile(out + "/scale_offset_record.txt"), &record));
  std::map<std::string, amct::nnn::SingleLayerRecord> records;
  for (const auto& entry : record.record()) {
    records[entry.key()] = entry.value();
  }
  return records;
}

// The packed factors of a layer with this record.
std::vector<uint64_t> Packed(const amct::nnn::SingleLayerRecord& record) {
  std::vector<uint64_t> packed;
  for (int c = 0; c < record.scale_w_size(); ++c) {
    const float scale = record.scale_d() * record.scale_w(c);
    uint32_t bits = 0;
    std::memcpy(&bits, &scale, sizeof(bits));
    const uint64_t shift =
        record.shift_bit_size() == 0 ? 0 : record.shift_bit(c);
    packed.push_back(shift << 32 | bits);
  }
  return packed;
}

// Checks Quant, layer, DeQuant around each layer of the record.
void CheckDeployModel(const std::string& out) {
  const auto records = ReadRecord(out);
  ASSERT_EQ(records.size(), 7);  // Six convolutions and fc.
  const caffe::NetParameter net =
      ReadCaffemodel(out + "/net_deploy_weights.caffemodel");
  std::map<std::string, const caffe::LayerParameter*> layers;
  for (const auto& layer : net.layer()) layers[layer.name()] = &layer;
  for (const auto& [name, record] : records) {
    const auto* layer = layers[name];
    ASSERT_NE(layer, nullptr) << name;
    EXPECT_GT(layer->blobs(0).int8_data().size(), 0);
    EXPECT_EQ(layer->blobs(0).data_size(), 0);
    EXPECT_GT(layer->blobs(1).int32_data_size(), 0);
    const auto* quant = layers[name + "_0_quant_layer"];
    ASSERT_NE(quant, nullptr) << name;
    EXPECT_EQ(quant->type(), "Quant");
    EXPECT_EQ(layer->bottom(0), quant->top(0));
    EXPECT_EQ(quant->quant_param().scale(),
              static_cast<float>(1.0 / record.scale_d()));
    const auto* dequant = layers[name + "_dequant_layer"];
    ASSERT_NE(dequant, nullptr) << name;
    EXPECT_EQ(dequant->type(), "DeQuant");
    EXPECT_EQ(dequant->bottom(0), layer->top(0));
    ASSERT_EQ(dequant->blobs_size(), 1);
    const auto& packed = dequant->blobs(0).uint64_data();
    EXPECT_EQ(std::vector<uint64_t>(packed.begin(), packed.end()),
              Packed(record))
        << name;
    EXPECT_EQ(dequant->dequant_param().channel_wise(),
              record.scale_w_size() > 1);
  }
}

TEST(AscendTest, CalibrateWritesCannsFiles) {
  const std::string out = FreshDirectory("out");
  const RunResult result =
      Calibrate(out, {"--eval-data", DigitsFile("digits_test_lmdb")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_GE(ValueOf(result.out, "quantized.top1"),
            ValueOf(result.out, "float.top1") - 0.01);
  for (const char* name :
       {"net_deploy_model.prototxt", "net_deploy_weights.caffemodel",
        "net_fake_quant_model.prototxt", "net_fake_quant_weights.caffemodel",
        "net_quant.json", "net_config.json", "scale_offset_record.txt"}) {
    EXPECT_TRUE(fs::exists(out + "/" + name)) << name;
  }
  EXPECT_FALSE(fs::exists(out + "/net_quant_param_record.txt"));
  EXPECT_FALSE(fs::exists(out + "/net_quant_param_record.bin"));
  CheckDeployModel(out);

  // Readable with CANN's own schema, without a field that it lacks.
  CannSchema schema;
  for (const char* kind : {"deploy", "fake_quant"}) {
    const std::string stem = absl::StrCat(out, "/net_", kind);
    const auto text = schema.NewNet();
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        ReadFile(stem + "_model.prototxt"), text.get()));
    const auto binary = schema.NewNet();
    EXPECT_TRUE(
        binary->ParseFromString(ReadFile(stem + "_weights.caffemodel")));
    // Bytes would be an unknown field to SS928's number.
    EXPECT_TRUE(
        absl::StrContains(binary->ShortDebugString(), "offset: \"\\200\""));
  }
}

TEST(AscendTest, TheFakeQuantModelRunsAndTheDeployModelIsVerified) {
  for (const bool shifts : {false, true}) {
    const std::string out = FreshDirectory("out");
    std::vector<std::string> more;
    if (shifts) more.push_back("--search-shift-bit");
    const RunResult calibrated = Calibrate(out, more);
    ASSERT_EQ(calibrated.status, 0) << calibrated.err;
    for (const auto& [name, record] : ReadRecord(out)) {
      EXPECT_EQ(record.shift_bit_size(), shifts ? record.scale_w_size() : 0);
      for (const uint32_t shift : record.shift_bit()) {
        EXPECT_GE(shift, 1);
        EXPECT_LE(shift, 16);
      }
    }
    CheckDeployModel(out);

    const RunResult evaluated = LocalQuantctl(
        {"evaluate", "--model", out + "/net_fake_quant_model.prototxt",
         "--weights", out + "/net_fake_quant_weights.caffemodel", "--data",
         DigitsFile("digits_test_lmdb"), "--scale=0.00390625"});
    ASSERT_EQ(evaluated.status, 0) << evaluated.err;
    EXPECT_GE(ValueOf(evaluated.out, "float.top1"), 0.93) << evaluated.out;

    const RunResult verified = LocalQuantctl(
        {"verify", "--artifacts", out, "--data", DigitsFile("digits_test_lmdb"),
         "--scale=0.00390625", "--max-records=100", "--out",
         FreshDirectory("verified")});
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  }
}

TEST(AscendTest, SaveChoosesTheModels) {
  const std::string deploy = FreshDirectory("deploy");
  ASSERT_EQ(Calibrate(deploy, {"--save=deploy"}).status, 0);
  EXPECT_TRUE(fs::exists(deploy + "/net_deploy_model.prototxt"));
  EXPECT_FALSE(fs::exists(deploy + "/net_fake_quant_model.prototxt"));
  EXPECT_FALSE(fs::exists(deploy + "/net_fake_quant_weights.caffemodel"));
  const std::string fake = FreshDirectory("fake");
  ASSERT_EQ(Calibrate(fake, {"--save=fakequant"}).status, 0);
  EXPECT_FALSE(fs::exists(fake + "/net_deploy_model.prototxt"));
  EXPECT_TRUE(fs::exists(fake + "/net_fake_quant_model.prototxt"));
}

TEST(AscendTest, TheRecordConvertsToTheSameFiles) {
  const std::string calibrated = FreshDirectory("calibrated");
  ASSERT_EQ(Calibrate(calibrated, {"--search-shift-bit"}).status, 0);
  const std::string record = calibrated + "/scale_offset_record.txt";
  const std::string converted = FreshDirectory("converted");
  std::vector<std::string> words = Network("convert");
  words.insert(words.end(), {"--record", record, "--target=ascend",
                             "--name=net", "--out", converted});
  const RunResult result = LocalQuantctl(words);
  ASSERT_EQ(result.status, 0) << result.err;
  int files = 0;
  for (const auto& entry : fs::directory_iterator(converted)) {
    const std::string name = "/" + entry.path().filename().string();
    EXPECT_TRUE(ReadFile(converted + name) == ReadFile(calibrated + name))
        << name;
    ++files;
  }
  EXPECT_EQ(files, 5);

  // CANN's schema is not SS928's.
  words.erase(std::find(words.begin(), words.end(), "--target=ascend"));
  const RunResult other = LocalQuantctl(words);
  EXPECT_EQ(other.status, 3);
  EXPECT_TRUE(absl::StrContains(other.err, "scale_offset_record.txt:"))
      << other.err;
}

TEST(AscendTest, QuantizedModelsAreKnown) {
  const std::string out = FreshDirectory("out");
  ASSERT_EQ(Calibrate(out).status, 0);
  for (const char* kind : {"deploy", "fake_quant"}) {
    const std::string stem = absl::StrCat(out, "/net_", kind);
    const std::string folder = FreshDirectory("again");
    const RunResult calibrated =
        LocalQuantctl({"calibrate", "--model", stem + "_model.prototxt",
                       "--weights", stem + "_weights.caffemodel", "--data",
                       DigitsFile("digits_calibration_lmdb"), "--out", folder});
    EXPECT_EQ(calibrated.status, 3) << kind;
    EXPECT_TRUE(absl::StrContains(calibrated.err, "quantized already"))
        << calibrated.err;
    const RunResult converted = LocalQuantctl(
        {"convert", "--model", stem + "_model.prototxt", "--weights",
         stem + "_weights.caffemodel", "--record",
         out + "/scale_offset_record.txt", "--target=ascend", "--out", folder});
    EXPECT_EQ(converted.status, 3) << kind;
    EXPECT_TRUE(absl::StrContains(converted.err, "quantized already"))
        << converted.err;
  }
}

TEST(AscendTest, TheConfigurationHasCannsLayers) {
  const std::string folder = FreshDirectory("config");
  const std::string path = folder + "/config.json";
  const RunResult created = LocalQuantctl(
      {"config", "create", "--model", DigitsFile("digitnet_deploy.prototxt"),
       "--target=ascend", "--out", path});
  ASSERT_EQ(created.status, 0) << created.err;
  const auto config = nlohmann::json::parse(ReadFile(path));
  EXPECT_TRUE(config.contains("conv3_dw"));
  EXPECT_TRUE(config.contains("fc"));
  for (const char* layer : {"pool1", "pool4", "res2a", "prob"}) {
    EXPECT_FALSE(config.contains(layer)) << layer;
  }
  const std::string out = FreshDirectory("out");
  EXPECT_EQ(Calibrate(out, {"--config", path}).status, 0);

  std::ofstream(folder + "/mine.cfg") << "common_config { ifmr_quantize { "
                                         "num_bits: 12 } }";
  const RunResult refused = Calibrate(out, {"--config", folder + "/mine.cfg"});
  EXPECT_EQ(refused.status, 3);
  EXPECT_TRUE(absl::StrContains(refused.err, "8 bits")) << refused.err;
}

TEST(AscendTest, WrongFlagsAreUsageErrors) {
  const std::string out = FreshDirectory("out");
  const RunResult target = Calibrate(out, {"--target=tpu"});
  EXPECT_EQ(target.status, 2);
  std::vector<std::string> words = Network("calibrate");
  words.insert(words.end(), {"--data", DigitsFile("digits_calibration_lmdb"),
                             "--search-shift-bit", "--out", out});
  const RunResult shift = LocalQuantctl(words);
  EXPECT_EQ(shift.status, 2);
  EXPECT_TRUE(absl::StrContains(shift.err, "--target ascend")) << shift.err;
}

}  // namespace
}  // namespace quantd
