// Jobs on NumPy's arrays through quantctl: a network with two inputs, one of
// them no image, against a quantd of their own and with --local.
#include <cmath>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/npy/testing/make_npy.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "proto/caffe/caffe.pb.h"
#include "tests/testing/quantd_server.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using testing::BytesOf;
using testing::FloatNpy;
using testing::FreshDirectory;
using ::testing::HasSubstr;
using testing::NpyFile;
using testing::NpyHeaderText;
using testing::QuantdServer;
using testing::ReadFile;
using testing::Runfile;
using testing::RunResult;
using testing::ZipFile;

constexpr absl::Duration kPatience = absl::Seconds(180);
constexpr int kRecords = 48;

// Sums three scores of an image and three of a vector.
constexpr char kNet[] = R"(
name: "two"
layer { name: "image" type: "Input" top: "image"
        input_param { shape { dim: 1 dim: 1 dim: 4 dim: 4 } } }
layer { name: "vector" type: "Input" top: "vector"
        input_param { shape { dim: 1 dim: 5 } } }
layer { name: "conv" type: "Convolution" bottom: "image" top: "conv"
        convolution_param { num_output: 2 kernel_size: 3 } }
layer { name: "a" type: "InnerProduct" bottom: "conv" top: "a"
        inner_product_param { num_output: 3 } }
layer { name: "b" type: "InnerProduct" bottom: "vector" top: "b"
        inner_product_param { num_output: 3 } }
layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }
layer { name: "prob" type: "Softmax" bottom: "sum" top: "prob" }
)";

// A number in [-1, 1) that looks random.
float Noise(int seed) {
  const double x = std::sin(seed * 12.9898) * 43758.5453;
  return static_cast<float>(2 * (x - std::floor(x)) - 1);
}

std::vector<float> NoiseValues(int count, int seed) {
  std::vector<float> values(count);
  for (int i = 0; i < count; ++i) values[i] = Noise(seed + i);
  return values;
}

void AddLayer(const std::string& name, const std::vector<int>& shape,
              int num_output, int seed, caffe::NetParameter* net) {
  caffe::LayerParameter* layer = net->add_layer();
  layer->set_name(name);
  caffe::BlobProto* weights = layer->add_blobs();
  int count = 1;
  for (const int dim : shape) {
    weights->mutable_shape()->add_dim(dim);
    count *= dim;
  }
  for (const float value : NoiseValues(count, seed)) weights->add_data(value);
  caffe::BlobProto* bias = layer->add_blobs();
  bias->mutable_shape()->add_dim(num_output);
  for (int i = 0; i < num_output; ++i) bias->add_data(0);
}

class ArraysTest : public ::testing::Test {
 protected:
  ArraysTest() {
    Write("net.prototxt", kNet);
    caffe::NetParameter weights;
    AddLayer("conv", {2, 1, 3, 3}, 2, 1, &weights);
    AddLayer("a", {3, 8}, 3, 100, &weights);
    AddLayer("b", {3, 5}, 3, 200, &weights);
    Write("net.caffemodel", weights.SerializeAsString());
    const std::string image =
        FloatNpy(absl::StrCat("(", kRecords, ", 1, 4, 4)"),
                 NoiseValues(kRecords * 16, 1000));
    const std::string vector = FloatNpy(absl::StrCat("(", kRecords, ", 5)"),
                                        NoiseValues(kRecords * 5, 5000));
    // All of class 1.
    const std::string labels =
        NpyFile(NpyHeaderText("<i8", absl::StrCat("(", kRecords, ",)")),
                BytesOf(std::vector<int64_t>(kRecords, 1)));
    Write("image.npy", image);
    Write("vector.npy", vector);
    Write("labels.npy", labels);
    Write("all.npz", ZipFile({{"image.npy", image},
                              {"vector.npy", vector},
                              {"label.npy", labels}},
                             true));
  }

  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  std::string Path(const std::string& name) const {
    return folder_ + "/" + name;
  }

  static RunResult Run(std::vector<std::string> start,
                       const std::vector<std::string>& words) {
    start.insert(start.begin(), Runfile("client/cli/quantctl"));
    start.insert(start.end(), words.begin(), words.end());
    return testing::RunProgram(start, kPatience);
  }
  static RunResult Local(const std::vector<std::string>& words) {
    return Run({"--local", "--quiet"}, words);
  }

  std::vector<std::string> Job(const std::string& command,
                               const std::vector<std::string>& more) const {
    std::vector<std::string> words = {command, "--model", Path("net.prototxt"),
                                      "--weights", Path("net.caffemodel")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  const std::string folder_ = FreshDirectory("arrays");
};

// The share of records whose largest score is the second: by plain loops.
double ExpectedTop1() {
  const auto image = NoiseValues(kRecords * 16, 1000);
  const auto vector = NoiseValues(kRecords * 5, 5000);
  const auto conv = NoiseValues(18, 1);
  const auto a = NoiseValues(24, 100);
  const auto b = NoiseValues(15, 200);
  int correct = 0;
  for (int n = 0; n < kRecords; ++n) {
    double scores[3] = {};
    for (int k = 0; k < 3; ++k) {
      for (int i = 0; i < 8; ++i) {
        const int channel = i / 4, y = i / 2 % 2, x = i % 2;
        double sum = 0;
        for (int j = 0; j < 9; ++j) {
          sum += double{conv[channel * 9 + j]} *
                 image[n * 16 + (y + j / 3) * 4 + x + j % 3];
        }
        scores[k] += a[k * 8 + i] * sum;
      }
      for (int i = 0; i < 5; ++i) scores[k] += b[k * 5 + i] * vector[n * 5 + i];
    }
    correct += scores[1] > scores[0] && scores[1] > scores[2];
  }
  return double{1} * correct / kRecords;
}

TEST_F(ArraysTest, AllJobsRunOnArrays) {
  QuantdServer server;
  const std::vector<std::string> remote = {"--address", server.address(),
                                           "--quiet"};
  const std::string out = FreshDirectory("out");
  const RunResult calibrated =
      Run(remote,
          Job("calibrate",
              {"--data", "image=" + Path("image.npy"), "--data",
               "vector=" + Path("vector.npy"), "--eval-data", Path("all.npz"),
               "--batch-size=8", "--batch-num=2", "--name=two", "--out", out}));
  ASSERT_EQ(calibrated.status, 0) << calibrated.err;
  const auto report = nlohmann::json::parse(ReadFile(out + "/two_report.json"));
  EXPECT_NEAR(report["floatAccuracy"]["top1"].get<double>(), ExpectedTop1(),
              1e-9);
  EXPECT_THAT(report["input"]["preprocessing"][0].get<std::string>(),
              HasSubstr("arrays"));
  ASSERT_EQ(report["input"]["blobs"].size(), 2);
  EXPECT_EQ(report["input"]["blobs"][1]["blob"], "vector");
  EXPECT_LT(report["input"]["blobs"][1]["min"], -0.9);

  const RunResult compared = Run(
      remote,
      Job("compare",
          {"--quantized-model", out + "/two_fake_quant_model.prototxt",
           "--quantized-weights", out + "/two_fake_quant_weights.caffemodel",
           "--data", Path("all.npz"), "--name=two", "--out", out}));
  ASSERT_EQ(compared.status, 0) << compared.err;
  const auto comparison =
      nlohmann::json::parse(ReadFile(out + "/two_compare.json"));
  EXPECT_EQ(comparison["numImages"], absl::StrCat(kRecords));
  EXPECT_GT(comparison["top1Agreement"].get<double>(), 0.9);

  const RunResult verified =
      Run(remote, {"verify", "--artifacts", out, "--data", Path("all.npz"),
                   "--max-records=20", "--name=two", "--out", out});
  ASSERT_EQ(verified.status, 0) << verified.err << verified.out;
}

TEST_F(ArraysTest, UploadedArraysServeJobsByTheirId) {
  QuantdServer server;
  const std::vector<std::string> remote = {"--address", server.address(),
                                           "--quiet"};
  const RunResult uploaded = Run(
      remote, {"dataset", "upload", "image=" + Path("image.npy"),
               "vector=" + Path("vector.npy"), "label=" + Path("labels.npy")});
  ASSERT_EQ(uploaded.status, 0) << uploaded.err;
  const std::string id(absl::StripAsciiWhitespace(uploaded.out));
  const RunResult result =
      Run(remote, Job("evaluate", {"--data", id, "-o", "json"}));
  ASSERT_EQ(result.status, 0) << result.err;
  const auto job = nlohmann::json::parse(result.out);
  EXPECT_NEAR(job["result"]["floatAccuracy"]["top1"].get<double>(),
              ExpectedTop1(), 1e-9);
  // What only the server can tell of a data set by its id.
  const RunResult scaled =
      Run(remote, Job("evaluate", {"--data", id, "--scale=2"}));
  EXPECT_NE(scaled.status, 0);
  EXPECT_THAT(scaled.err, HasSubstr("leave out the mean"));
}

TEST_F(ArraysTest, LocalJobsTakeArraysToo) {
  const RunResult result =
      Local(Job("evaluate", {"--data", Path("all.npz"), "-o", "json"}));
  ASSERT_EQ(result.status, 0) << result.err;
  const auto job = nlohmann::json::parse(result.out);
  EXPECT_NEAR(job["result"]["floatAccuracy"]["top1"].get<double>(),
              ExpectedTop1(), 1e-9);
}

// The network of an author's own test phase, with Accuracy layers.
TEST_F(ArraysTest, EvaluationReportsAccuracyLayers) {
  Write("net.prototxt", absl::StrCat(kNet, R"(
layer { name: "label" type: "Input" top: "label"
        input_param { shape { dim: 1 } } }
layer { name: "top1" type: "Accuracy" bottom: "sum" bottom: "label" top: "x"
        top: "by_class" }
layer { name: "top3" type: "Accuracy" bottom: "sum" bottom: "label" top: "y"
        accuracy_param { top_k: 3 } }
)"));
  const RunResult result =
      Local(Job("evaluate", {"--data", Path("all.npz"), "--batch-size=7"}));
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr(absl::StrFormat("float.layer.top1\t%.9g\n"
                                        "float.layer.top1.0\t0\n"
                                        "float.layer.top1.1\t%.9g\n",
                                        ExpectedTop1(), ExpectedTop1())));
  EXPECT_THAT(result.out, HasSubstr("float.layer.top3\t1\n"));
}

TEST_F(ArraysTest, SaysWhatIsWrong) {
  const auto expect = [this](const std::vector<std::string>& more,
                             const std::string& text) {
    const RunResult result = Local(Job("evaluate", more));
    EXPECT_NE(result.status, 0);
    EXPECT_THAT(result.err, HasSubstr(text));
  };
  const std::string image = "image=" + Path("image.npy");
  const std::string vector = "vector=" + Path("vector.npy");
  expect({"--data", Path("all.npz"), "--scale=2"}, "--scale is for images");
  expect({"--data", image, "--data", vector}, "label=FILE.npy");
  expect({"--data", image}, "\"vector\" has no array");
  expect({"--data", vector, "--data", "image=" + Path("vector.npy")},
         "has the shape 48x5, but the network states 1x1x4x4");
  Write("short.npy", FloatNpy("(2, 5)", NoiseValues(10, 0)));
  expect({"--data", image, "--data", "vector=" + Path("short.npy")},
         "short.npy of shape 2x5 has 2");
  const RunResult small = Local(
      Job("calibrate", {"--data", image, "--data", vector, "--batch-size=32",
                        "--batch-num=2", "--out", FreshDirectory("small")}));
  EXPECT_NE(small.status, 0);
  EXPECT_THAT(small.err, HasSubstr("has 48 records"));
}

}  // namespace
}  // namespace quantd
