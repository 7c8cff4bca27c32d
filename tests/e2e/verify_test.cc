// `quantctl verify` against a private quantd: what `quantctl calibrate` writes
// passes, what was tampered with fails, and what does not belong together is
// refused.
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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

namespace fs = std::filesystem;

// Calibrates a network for digits; the directory of its files.
std::string CalibrateFiles(const std::string& prototxt,
                           const std::string& caffemodel,
                           const std::string& config = "") {
  const std::string out = FreshDirectory("calibrated");
  std::vector<std::string> words = {"calibrate",
                                    "--model",
                                    prototxt,
                                    "--weights",
                                    caffemodel,
                                    "--data",
                                    DigitsFile("digits_calibration_lmdb"),
                                    "--scale=0.00390625",
                                    "--batch-size=32",
                                    "--batch-num=1",
                                    "--name=net",
                                    "--out",
                                    out};
  if (!config.empty()) {
    const std::string path = FreshDirectory("config") + "/quant.cfg";
    std::ofstream(path) << config;
    words.insert(words.end(), {"--config", path});
  }
  const RunResult result = LocalQuantctl(words);
  EXPECT_EQ(result.status, 0) << result.err;
  return out;
}

// Calibrates the shipped network `net`.
std::string Calibrate(const std::string& net, const std::string& config = "") {
  return CalibrateFiles(DigitsFile(net + "_deploy.prototxt"),
                        DigitsFile(net + ".caffemodel"), config);
}

RunResult Verify(const std::string& artifacts, const std::string& out,
                 int max_records = 100) {
  return LocalQuantctl(
      {"verify", "--artifacts", artifacts, "--data",
       DigitsFile("digits_test_lmdb"), "--scale=0.00390625", "--name=net",
       absl::StrCat("--max-records=", max_records), "--out", out});
}

// Changes the first value of each blob of layer `name` in a caffemodel, by
// `change`.
template <typename Change>
void ChangeLayer(const std::string& path, const std::string& name,
                 Change change) {
  caffe::NetParameter net;
  ASSERT_TRUE(net.ParseFromString(ReadFile(path)));
  bool found = false;
  for (caffe::LayerParameter& layer : *net.mutable_layer()) {
    if (layer.name() != name) continue;
    change(&layer);
    found = true;
  }
  ASSERT_TRUE(found);
  std::ofstream(path, std::ios::binary) << net.SerializeAsString();
}

TEST(DeployModelTest, IsNotRunInFloats) {
  const std::string out = Calibrate("lenet");
  const std::vector<std::string> deploy = {
      out + "/net_deploy_model.prototxt",
      out + "/net_deploy_weights.caffemodel"};
  const std::vector<std::string> data = {
      "--data", DigitsFile("digits_test_lmdb"), "--scale=0.00390625"};
  std::vector<std::string> evaluate = {"evaluate", "--model", deploy[0],
                                       "--weights", deploy[1]};
  std::vector<std::string> compare = {"compare",
                                      "--model",
                                      DigitsFile("lenet_deploy.prototxt"),
                                      "--weights",
                                      DigitsFile("lenet.caffemodel"),
                                      "--quantized-model",
                                      deploy[0],
                                      "--quantized-weights",
                                      deploy[1],
                                      "--out",
                                      FreshDirectory("compared")};
  for (std::vector<std::string>* words : {&evaluate, &compare}) {
    words->insert(words->end(), data.begin(), data.end());
    const RunResult result = LocalQuantctl(*words);
    EXPECT_NE(result.status, 0) << (*words)[0];
    EXPECT_TRUE(absl::StrContains(
        result.err,
        "layer \"conv1\" has integers in its blob 0: this is a "
        "deploy model"))
        << result.err;
  }
}

class VerifyTest : public ::testing::TestWithParam<const char*> {};

TEST_P(VerifyTest, WhatCalibrationWritesPasses) {
  const std::string out = FreshDirectory("verified");
  const RunResult result = Verify(Calibrate(GetParam()), out);
  ASSERT_EQ(result.status, 0) << result.err << result.out;
  EXPECT_TRUE(absl::StrContains(result.out, "verdict\tPASS\n")) << result.out;
  const auto json = nlohmann::json::parse(ReadFile(out + "/net_verify.json"));
  EXPECT_EQ(json["passed"], true);
  EXPECT_EQ(json["numImages"], "100");
  EXPECT_GE(json["top1Agreement"].get<double>(), 0.99);
  int integer_layers = 0;
  for (const auto& layer : json["layers"]) {
    EXPECT_EQ(layer["weights"]["numDiffering"], "0") << layer["layer"];
    EXPECT_EQ(layer["numOverflows"], "0") << layer["layer"];
    EXPECT_NE(layer["inputs"]["numElements"], "0") << layer["layer"];
    if (!layer["integer"].get<bool>()) continue;
    EXPECT_NE(layer["sums"]["numElements"], "0") << layer["layer"];
    ++integer_layers;
  }
  EXPECT_GE(integer_layers, 3);
  EXPECT_TRUE(absl::StrContains(ReadFile(out + "/net_verify.html"), "PASS"));
}

INSTANTIATE_TEST_SUITE_P(Shipped, VerifyTest,
                         ::testing::Values("digitnet", "lenet"),
                         [](const auto& info) {
                           return std::string(info.param);
                         });

// A net with a Deconvolution of two groups and a depthwise convolution.
constexpr char kUpAndDown[] = R"(
  layer { name: "data" type: "Input" top: "data"
          input_param { shape { dim: 1 dim: 1 dim: 28 dim: 28 } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
          convolution_param { num_output: 8 kernel_size: 5 stride: 2 } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "up" type: "Deconvolution" bottom: "conv" top: "up"
          convolution_param { num_output: 6 kernel_size: 4 stride: 2 pad: 1
                              group: 2 } }
  layer { name: "up_relu" type: "ReLU" bottom: "up" top: "up" }
  layer { name: "dw" type: "DepthwiseConv" bottom: "up" top: "dw"
          convolution_param { num_output: 6 kernel_size: 3 stride: 2 } }
  layer { name: "ip" type: "InnerProduct" bottom: "dw" top: "ip"
          inner_product_param { num_output: 10 } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
)";

// Writes kUpAndDown and seeded weights for it to `directory`.
void WriteUpAndDown(const std::string& directory) {
  std::ofstream(directory + "/net.prototxt") << kUpAndDown;
  caffe::NetParameter weights;
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  const auto add = [&](const char* name, std::vector<int64_t> dims, int bias) {
    caffe::LayerParameter* layer = weights.add_layer();
    layer->set_name(name);
    for (const std::vector<int64_t>& shape : {dims, {int64_t{bias}}}) {
      caffe::BlobProto* blob = layer->add_blobs();
      int64_t size = 1;
      for (int64_t dim : shape) {
        blob->mutable_shape()->add_dim(dim);
        size *= dim;
      }
      for (; size > 0; --size) blob->add_data(0.2f * normal(random));
    }
  };
  add("conv", {8, 1, 5, 5}, 8);
  add("up", {8, 3, 4, 4}, 6);
  add("dw", {6, 1, 3, 3}, 6);
  add("ip", {10, 6 * 11 * 11}, 10);
  std::ofstream(directory + "/net.caffemodel", std::ios::binary)
      << weights.SerializeAsString();
}

TEST(VerifyDeconvolutionTest, NoIntegerDiffers) {
  const std::string net = FreshDirectory("net");
  WriteUpAndDown(net);
  const std::string out = FreshDirectory("verified");
  const RunResult result = Verify(
      CalibrateFiles(net + "/net.prototxt", net + "/net.caffemodel"), out, 50);
  ASSERT_EQ(result.status, 0) << result.err << result.out;
  EXPECT_FALSE(absl::StrContains(result.err, "SIMULATED_IN_FLOAT"));
  const auto json = nlohmann::json::parse(ReadFile(out + "/net_verify.json"));
  EXPECT_EQ(json["top1Agreement"], 1.0);
  int integer_layers = 0;
  for (const auto& layer : json["layers"]) {
    if (!layer["integer"].get<bool>()) continue;
    ++integer_layers;
    for (const char* column : {"weights", "inputs", "sums", "inputsAlone"}) {
      EXPECT_EQ(layer[column]["numDiffering"], "0")
          << layer["layer"] << " " << column;
    }
  }
  EXPECT_EQ(integer_layers, 4);
}

TEST(VerifyChangedTest, ChangedIntegersFailAndExitWith1) {
  const std::string artifacts = Calibrate("lenet");
  const std::string weights = artifacts + "/net_deploy_weights.caffemodel";
  ChangeLayer(weights, "ip2", [](caffe::LayerParameter* layer) {
    layer->mutable_blobs(1)->set_int32_data(3,
                                            layer->blobs(1).int32_data(3) + 2);
  });
  const std::string out = FreshDirectory("verified");
  const RunResult result = Verify(artifacts, out, 20);
  EXPECT_EQ(result.status, 1) << result.err;
  EXPECT_TRUE(absl::StrContains(result.out, "verdict\tFAIL\n")) << result.out;
  EXPECT_TRUE(absl::StrContains(
      result.out, "failure\tlayer \"ip2\": 1 of 5010 weights and biases"))
      << result.out;
  // 20 images, one of ten sums each.
  EXPECT_TRUE(absl::StrContains(result.out,
                                "layer \"ip2\": 20 of 200 integer sums differ, "
                                "by up to 2 steps"))
      << result.out;
  EXPECT_FALSE(absl::StrContains(result.out, "layer \"conv2\""));
  EXPECT_TRUE(absl::StrContains(ReadFile(out + "/net_verify.html"), "FAIL"));
}

TEST(VerifyChangedTest, FilesOfTwoJobsAreRefused) {
  const std::string artifacts = Calibrate("lenet");
  const std::string other = Calibrate("lenet", "activation_offset: false\n");
  for (const char* name : {"/net_fake_quant_model.prototxt",
                           "/net_fake_quant_weights.caffemodel"}) {
    fs::copy_file(other + name, artifacts + name,
                  fs::copy_options::overwrite_existing);
  }
  const RunResult result = Verify(artifacts, FreshDirectory("verified"), 5);
  EXPECT_EQ(result.status, 3);
  EXPECT_TRUE(absl::StrContains(result.err, "layer \"conv1\"")) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "scale_d") ||
              absl::StrContains(result.err, "offset_d"))
      << result.err;
}

TEST(VerifyChangedTest, BadRecordsAndBlobsAreNamed) {
  const std::string artifacts = Calibrate("lenet");
  const std::string record = artifacts + "/net_quant_param_record.txt";
  const std::string good = ReadFile(record);
  std::ofstream(record) << absl::StrReplaceAll(good, {{"ip1", "ip9"}});
  RunResult result = Verify(artifacts, FreshDirectory("verified"), 5);
  EXPECT_EQ(result.status, 3);
  EXPECT_TRUE(absl::StrContains(result.err,
                                "net_quant_param_record.txt: "
                                "layer \"ip1\""))
      << result.err;
  std::ofstream(record) << good;

  ChangeLayer(artifacts + "/net_deploy_weights.caffemodel", "conv2",
              [](caffe::LayerParameter* layer) {
                layer->mutable_blobs(0)->mutable_int8_data()->pop_back();
              });
  result = Verify(artifacts, FreshDirectory("verified"), 5);
  EXPECT_EQ(result.status, 3);
  EXPECT_TRUE(absl::StrContains(result.err, "conv2")) << result.err;
}

TEST(VerifyCommandTest, FilesMustBeGivenOnceAndWhole) {
  const std::string empty = FreshDirectory("empty");
  const RunResult none =
      LocalQuantctl({"verify", "--artifacts", empty, "--data",
                     DigitsFile("digits_test_lmdb"), "--out", empty});
  EXPECT_EQ(none.status, 1);
  EXPECT_TRUE(absl::StrContains(none.err, empty)) << none.err;
  const RunResult missing =
      LocalQuantctl({"verify", "--deploy-model", "a", "--data",
                     DigitsFile("digits_test_lmdb"), "--out", empty});
  EXPECT_EQ(missing.status, 2);
  EXPECT_TRUE(absl::StrContains(missing.err, "--deploy-weights"))
      << missing.err;
  const RunResult both =
      LocalQuantctl({"verify", "--artifacts", empty, "--deploy-model", "a",
                     "--data", DigitsFile("digits_test_lmdb"), "--out", empty});
  EXPECT_EQ(both.status, 2);
}

}  // namespace
}  // namespace quantd
