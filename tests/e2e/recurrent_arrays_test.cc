// Recurrent layers whose cont is an input of its own: NumPy's arrays through
// quantctl --local, calibrate and verify.
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/npy/testing/make_npy.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "proto/caffe/caffe.pb.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using testing::FloatNpy;
using testing::FreshDirectory;
using testing::ReadFile;
using testing::Runfile;
using testing::RunResult;
using testing::ZipFile;

constexpr absl::Duration kPatience = absl::Seconds(180);
// Each record is a whole pass.
constexpr int kRecords = 12;
constexpr int kSteps = 6;
constexpr int kSequences = 2;
constexpr int kInputs = 5;
constexpr int kStatic = 3;
constexpr int kDim = 4;

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

std::string InputText(const std::string& name, const std::string& dims) {
  return absl::StrCat("layer { name: '", name, "' type: 'Input' top: '", name,
                      "' input_param { shape { ", dims, " } } }\n");
}

void AddBlob(const std::vector<int>& dims, int seed,
             caffe::LayerParameter* layer) {
  caffe::BlobProto* blob = layer->add_blobs();
  int count = 1;
  for (const int dim : dims) {
    blob->mutable_shape()->add_dim(dim);
    count *= dim;
  }
  for (const float value : NoiseValues(count, seed)) blob->add_data(value);
}

class RecurrentArraysTest : public ::testing::TestWithParam<bool> {
 protected:
  RecurrentArraysTest() {
    WriteModel();
    // A sequence starts at the first record and now and then: most records go
    // on where the one before ended.
    std::vector<float> cont(kRecords * kSteps * kSequences, 1);
    for (size_t i = 0; i < cont.size(); i += 17) cont[i] = 0;
    const std::string sequence =
        absl::StrCat("(", kRecords, ", ", kSteps, ", ", kSequences);
    x_ = FloatNpy(absl::StrCat(sequence, ", ", kInputs, ")"),
                  NoiseValues(static_cast<int>(cont.size()) * kInputs, 1000));
    cont_ = FloatNpy(absl::StrCat(sequence, ")"), cont);
    static_ = FloatNpy(
        absl::StrCat("(", kRecords, ", ", kSequences, ", ", kStatic, ")"),
        NoiseValues(kRecords * kSequences * kStatic, 5000));
    Write("x.npy", x_);
    Write("cont.npy", cont_);
    Write("s.npy", static_);
    Write("all.npz",
          ZipFile({{"x.npy", x_}, {"cont.npy", cont_}, {"s.npy", static_}},
                  true));
  }

  static bool HasStatic() { return GetParam(); }

  void WriteModel() const {
    Write("net.prototxt",
          absl::StrCat(
              InputText("x", absl::StrCat("dim: ", kSteps, " dim: ", kSequences,
                                          " dim: ", kInputs)),
              InputText("cont",
                        absl::StrCat("dim: ", kSteps, " dim: ", kSequences)),
              HasStatic() ? InputText("s", absl::StrCat("dim: ", kSequences,
                                                        " dim: ", kStatic))
                          : "",
              "layer { name: 'cell' type: 'LSTM' bottom: 'x' bottom: 'cont' ",
              HasStatic() ? "bottom: 's' " : "",
              "top: 'h' recurrent_param { num_output: ", kDim,
              " } } layer { name: 'ip' type: 'InnerProduct' bottom: 'h' "
              "top: 'y' inner_product_param { num_output: 3 axis: 2 } }"));
    caffe::NetParameter weights;
    caffe::LayerParameter* cell = weights.add_layer();
    cell->set_name("cell");
    AddBlob({4 * kDim, kInputs}, 1, cell);
    AddBlob({4 * kDim}, 100, cell);
    if (HasStatic()) AddBlob({4 * kDim, kStatic}, 200, cell);
    AddBlob({4 * kDim, kDim}, 300, cell);
    caffe::LayerParameter* ip = weights.add_layer();
    ip->set_name("ip");
    AddBlob({3, kDim}, 400, ip);
    AddBlob({3}, 500, ip);
    Write("net.caffemodel", weights.SerializeAsString());
  }

  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  std::string Path(const std::string& name) const {
    return folder_ + "/" + name;
  }

  static RunResult Run(std::vector<std::string> words) {
    words.insert(words.begin(),
                 {Runfile("client/cli/quantctl"), "--local", "--quiet"});
    return testing::RunProgram(words, kPatience);
  }

  const std::string folder_ = FreshDirectory("recurrent_arrays");
  std::string x_;
  std::string cont_;
  std::string static_;
};

TEST_P(RecurrentArraysTest, CalibratesAndVerifies) {
  const std::string out = FreshDirectory("out");
  std::vector<std::string> calibrate = {"calibrate",
                                        "--model",
                                        Path("net.prototxt"),
                                        "--weights",
                                        Path("net.caffemodel"),
                                        "--batch-num=8",
                                        "--name=net",
                                        "--out",
                                        out,
                                        "--data",
                                        "x=" + Path("x.npy"),
                                        "--data",
                                        "cont=" + Path("cont.npy")};
  if (HasStatic()) {
    calibrate.insert(calibrate.end(), {"--data", "s=" + Path("s.npy")});
  }
  const RunResult calibrated = Run(calibrate);
  ASSERT_EQ(calibrated.status, 0) << calibrated.err;

  const RunResult verified = Run({"verify", "--artifacts", out, "--data",
                                  Path("all.npz"), "--name=net", "--out", out});
  ASSERT_EQ(verified.status, 0) << verified.err << verified.out;
  const auto result = nlohmann::json::parse(ReadFile(out + "/net_verify.json"));
  EXPECT_TRUE(result["passed"].get<bool>());
  EXPECT_EQ(result["numImages"], absl::StrCat(kRecords));
  ASSERT_EQ(result["layers"].size(), 2u);
  const auto& cell = result["layers"][0];
  EXPECT_TRUE(cell["integer"].get<bool>());
  constexpr int kRows = kRecords * kSteps * kSequences;
  constexpr int kStaticRows = kRecords * kSequences;
  const int num_static = HasStatic() ? kStaticRows : 0;
  EXPECT_EQ(cell["inputs"]["numElements"],
            absl::StrCat(kRows * (kInputs + kDim) + num_static * kStatic));
  EXPECT_EQ(cell["sums"]["numElements"],
            absl::StrCat((kRows * 2 + num_static) * 4 * kDim));
  for (const auto& layer : result["layers"]) {
    for (const char* field : {"weights", "inputs", "sums", "inputsAlone"}) {
      EXPECT_EQ(layer[field].value("numDiffering", "0"), "0")
          << layer["layer"] << field;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Inputs, RecurrentArraysTest, ::testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "XContStatic" : "XCont";
                         });

}  // namespace
}  // namespace quantd
