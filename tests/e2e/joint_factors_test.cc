// Layers that only move data get the factors of what reads them, through
// quantctl: calibrate, convert and verify.
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"
#include "tests/testing/local_quantctl.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using testing::DigitsFile;
using ::testing::ElementsAre;
using testing::FreshDirectory;
using ::testing::HasSubstr;
using testing::LocalQuantctl;
using ::testing::Not;
using testing::ReadFile;
using testing::RunResult;

// LeNet with its second pooling's channels cut apart and put together again:
// the net computes the same.
std::string CutLenet() {
  std::string text = ReadFile(DigitsFile("lenet_deploy.prototxt"));
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  caffe::NetParameter cut = net;
  cut.clear_layer();
  for (caffe::LayerParameter& layer : *net.mutable_layer()) {
    if (layer.name() == "ip1") {
      EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(
          R"pb(
            layer {
              name: "cut"
              type: "Slice"
              bottom: "pool2"
              top: "few"
              top: "many"
              slice_param { slice_point: 10 }
            }
            layer {
              name: "cat"
              type: "Concat"
              bottom: "few"
              bottom: "many"
              top: "cat"
            }
            layer { name: "drop" type: "Dropout" bottom: "cat" top: "drop" }
          )pb",
          &cut));
      layer.set_bottom(0, "drop");
    }
    *cut.add_layer() = layer;
  }
  const std::string path = FreshDirectory("model") + "/cut.prototxt";
  EXPECT_TRUE(google::protobuf::TextFormat::PrintToString(cut, &text));
  std::ofstream(path) << text;
  return path;
}

RunResult OnCutLenet(const std::string& command,
                     const std::vector<std::string>& more) {
  std::vector<std::string> words = {command,
                                    "--model",
                                    CutLenet(),
                                    "--weights",
                                    DigitsFile("lenet.caffemodel"),
                                    "--name=net"};
  words.insert(words.end(), more.begin(), more.end());
  return LocalQuantctl(words);
}

RunResult Calibrate(const std::string& out) {
  return OnCutLenet("calibrate",
                    {"--data", DigitsFile("digits_calibration_lmdb"),
                     "--scale=0.00390625", "--batch-size=16", "--batch-num=2",
                     "--keep-intermediate", "--out", out});
}

// scale_d of all inputs, by layer.
std::map<std::string, std::vector<float>> ScalesOf(const std::string& path) {
  amct::ScaleOffsetRecord record;
  EXPECT_TRUE(
      google::protobuf::TextFormat::ParseFromString(ReadFile(path), &record));
  std::map<std::string, std::vector<float>> scales;
  for (const auto& layer : record.record()) {
    for (const auto& input : layer.value().record_d()) {
      scales[layer.key()].push_back(input.scale_d());
    }
  }
  return scales;
}

TEST(JointFactorsTest, AreThoseOfTheLayerThatReadsTheData) {
  const std::string out = FreshDirectory("out");
  const RunResult result = Calibrate(out);
  ASSERT_EQ(result.status, 0) << result.err;
  auto scales = ScalesOf(out + "/scale_offset_record.txt");
  ASSERT_EQ(scales["ip1"].size(), 1u);
  const float scale = scales["ip1"][0];
  EXPECT_THAT(scales["cut"], ElementsAre(scale));
  EXPECT_THAT(scales["cat"], ElementsAre(scale, scale));
  EXPECT_NE(scales["pool2"][0], scale);

  // AMCT's own layers would search over the same values.
  caffe::NetParameter model;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      ReadFile(out + "/modified_model.prototxt"), &model));
  int num_joint = 0;
  for (const auto& layer : model.layer()) {
    if (layer.type() != "IFMR" || layer.bottom(0) != "pool2") continue;
    EXPECT_EQ(layer.bottom_size(), 1) << layer.name();
    ++num_joint;
  }
  EXPECT_EQ(num_joint, 4);

  const RunResult verified = LocalQuantctl(
      {"verify", "--artifacts", out, "--data", DigitsFile("digits_test_lmdb"),
       "--scale=0.00390625", "--name=net", "--max-records=64", "--out",
       FreshDirectory("verified")});
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
}

TEST(JointFactorsTest, OfARecordThatDiffersAreWarnedOf) {
  const std::string out = FreshDirectory("out");
  ASSERT_EQ(Calibrate(out).status, 0);
  const std::string record = out + "/scale_offset_record.txt";
  RunResult result = OnCutLenet(
      "convert", {"--record", record, "--out", FreshDirectory("same")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err, Not(HasSubstr("INCONSISTENT_FACTORS")));

  amct::ScaleOffsetRecord edited;
  ASSERT_TRUE(
      google::protobuf::TextFormat::ParseFromString(ReadFile(record), &edited));
  for (auto& layer : *edited.mutable_record()) {
    if (layer.key() != "cat") continue;
    layer.mutable_value()->mutable_record_d(1)->set_scale_d(2);
  }
  std::string text;
  ASSERT_TRUE(google::protobuf::TextFormat::PrintToString(edited, &text));
  const std::string path = FreshDirectory("edited") + "/record.txt";
  std::ofstream(path) << text;
  result = OnCutLenet("convert",
                      {"--record", path, "--out", FreshDirectory("other")});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err,
              HasSubstr("Layer ip1 should have consistent scale_d and offset_d "
                        "with no command layer cat"));
}

}  // namespace
}  // namespace quantd
