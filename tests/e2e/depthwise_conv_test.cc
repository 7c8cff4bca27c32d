// BatchNorm and Scale that stay behind and are switched on become a
// DepthwiseConv, through quantctl: calibrate, verify and convert.
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
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

// `command` on DigitNet with `more`.
RunResult OnDigitNet(const std::string& command,
                     const std::vector<std::string>& more) {
  std::vector<std::string> words = {
      command, "--model", DigitsFile("digitnet_deploy.prototxt"), "--weights",
      DigitsFile("digitnet.caffemodel")};
  words.insert(words.end(), more.begin(), more.end());
  return LocalQuantctl(words);
}

// A configuration that leaves conv1 unfused and switches on what follows it.
std::string Configuration() {
  const std::string folder = FreshDirectory("config");
  const std::string path = folder + "/config.json";
  std::vector<std::string> words = {
      "config",    "create",
      "--model",   DigitsFile("digitnet_deploy.prototxt"),
      "--weights", DigitsFile("digitnet.caffemodel"),
      "--out",     path};
  const RunResult result = LocalQuantctl(words);
  EXPECT_EQ(result.status, 0) << result.err;
  nlohmann::ordered_json config = nlohmann::ordered_json::parse(ReadFile(path));
  config["skip_fusion_layers"] = {"conv1"};
  for (const char* layer : {"bn_conv1", "scale_conv1"}) {
    config[layer]["quant_enable"] = true;
  }
  std::ofstream(path) << config.dump(4);
  return path;
}

std::map<std::string, caffe::LayerParameter> LayersOf(
    const std::string& caffemodel) {
  caffe::NetParameter net;
  EXPECT_TRUE(net.ParseFromString(ReadFile(caffemodel))) << caffemodel;
  std::map<std::string, caffe::LayerParameter> layers;
  for (const auto& layer : net.layer()) layers[layer.name()] = layer;
  return layers;
}

TEST(DepthwiseConvTest, TakesThePlaceOfBatchNormAndScale) {
  const std::string out = FreshDirectory("out");
  const RunResult result =
      OnDigitNet("calibrate",
                 {"--data", DigitsFile("digits_calibration_lmdb"),
                  "--scale=0.00390625", "--batch-size=32", "--batch-num=1",
                  "--name=net", "--config", Configuration(), "--eval-data",
                  DigitsFile("digits_test_lmdb"), "--out", out, "-o", "json"});
  ASSERT_EQ(result.status, 0) << result.err;

  auto deploy = LayersOf(out + "/net_deploy_weights.caffemodel");
  ASSERT_EQ(deploy.count("bn_conv1_dwconv"), 1u);
  EXPECT_EQ(deploy.count("bn_conv1"), 0u);
  EXPECT_EQ(deploy.count("scale_conv1"), 0u);
  const caffe::LayerParameter& layer = deploy["bn_conv1_dwconv"];
  EXPECT_EQ(layer.type(), "DepthwiseConv");
  EXPECT_EQ(layer.bottom(0), deploy["conv1"].top(0));
  ASSERT_EQ(layer.blobs(0).int8_data().size(), 16u);
  // One weight a channel: quantized without loss.
  for (const char code : layer.blobs(0).int8_data()) {
    EXPECT_TRUE(code == 127 || code == -127 || code == -128) << int{code};
  }
  EXPECT_TRUE(absl::StrContains(ReadFile(out + "/scale_offset_record.txt"),
                                "\"bn_conv1_dwconv\""));
  // The user's configuration stays one for the user's model.
  const std::string config = ReadFile(out + "/net_config.json");
  EXPECT_TRUE(absl::StrContains(config, "\"bn_conv1\""));
  EXPECT_FALSE(absl::StrContains(config, "dwconv"));
}

TEST(DepthwiseConvTest, TheFilesAreVerifiedAndConvertedBack) {
  const std::string out = FreshDirectory("out");
  RunResult result = OnDigitNet(
      "calibrate", {"--data", DigitsFile("digits_calibration_lmdb"),
                    "--scale=0.00390625", "--batch-size=32", "--batch-num=1",
                    "--name=net", "--config", Configuration(), "--out", out});
  ASSERT_EQ(result.status, 0) << result.err;
  result = LocalQuantctl({"verify", "--artifacts", out, "--data",
                          DigitsFile("digits_test_lmdb"), "--scale=0.00390625",
                          "--name=net", "--max-records=64", "--out",
                          FreshDirectory("verified")});
  EXPECT_EQ(result.status, 0) << result.out << result.err;

  const std::string converted = FreshDirectory("converted");
  result = OnDigitNet("convert", {"--record", out + "/scale_offset_record.txt",
                                  "--name=net", "--out", converted});
  ASSERT_EQ(result.status, 0) << result.err;
  for (const char* name :
       {"net_deploy_model.prototxt", "net_deploy_weights.caffemodel",
        "net_fake_quant_model.prototxt", "net_fake_quant_weights.caffemodel",
        "net_quant_param_record.txt"}) {
    EXPECT_EQ(ReadFile(absl::StrCat(converted, "/", name)),
              ReadFile(absl::StrCat(out, "/", name)))
        << name;
  }
}

}  // namespace
}  // namespace quantd
