// Detections through quantctl: their average precision, and what quantization
// does to it.
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/npy/testing/make_npy.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "proto/caffe/caffe.pb.h"
#include "tests/testing/subprocess.h"

namespace quantd {
namespace {

using testing::FloatNpy;
using testing::FreshDirectory;
using ::testing::HasSubstr;
using testing::ReadFile;
using testing::Runfile;
using testing::RunResult;
using testing::ZipFile;

constexpr absl::Duration kPatience = absl::Seconds(180);
constexpr int kRecords = 32;

// Four places of an image of 8 by 8 pixels, each with a prior box and the
// scores of background and label 1, which grows with the place's brightness.
constexpr char kDetector[] = R"(
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 1 dim: 8 dim: 8 } } }
layer { name: "feature" type: "Convolution" bottom: "data" top: "feature"
        convolution_param { num_output: 1 kernel_size: 4 stride: 4 } }
layer { name: "relu" type: "ReLU" bottom: "feature" top: "feature" }
layer { name: "loc" type: "Convolution" bottom: "feature" top: "loc"
        convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "loc_perm" type: "Permute" bottom: "loc" top: "loc_perm"
        permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "loc_flat" type: "Flatten" bottom: "loc_perm" top: "loc_flat" }
layer { name: "conf" type: "Convolution" bottom: "feature" top: "conf"
        convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "conf_perm" type: "Permute" bottom: "conf" top: "conf_perm"
        permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "conf_rows" type: "Reshape" bottom: "conf_perm" top: "conf_rows"
        reshape_param { shape { dim: 0 dim: -1 dim: 2 } } }
layer { name: "prob" type: "Softmax" bottom: "conf_rows" top: "prob"
        softmax_param { axis: 2 } }
layer { name: "prob_flat" type: "Flatten" bottom: "prob" top: "prob_flat" }
layer { name: "prior" type: "PriorBox" bottom: "feature" bottom: "data"
        top: "prior" prior_box_param { min_size: 4 variance: 0.1 } }
layer { name: "out" type: "DetectionOutput" bottom: "loc_flat"
        bottom: "prob_flat" bottom: "prior" top: "out"
        detection_output_param { num_classes: 2 confidence_threshold: 0.01
                                 nms_param { nms_threshold: 0.5 } } }
)";

void AddLayer(const std::string& name, const std::vector<int>& shape,
              const std::vector<float>& weights, const std::vector<float>& bias,
              caffe::NetParameter* net) {
  caffe::LayerParameter* layer = net->add_layer();
  layer->set_name(name);
  caffe::BlobProto* blob = layer->add_blobs();
  for (const int dim : shape) blob->mutable_shape()->add_dim(dim);
  for (const float value : weights) blob->add_data(value);
  blob = layer->add_blobs();
  blob->mutable_shape()->add_dim(shape[0]);
  for (const float value : bias) blob->add_data(value);
}

class DetectionTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  std::string Path(const std::string& name) const {
    return folder_ + "/" + name;
  }

  // A model, weights, images (one place of each is bright) and their boxes.
  void WriteDetector() {
    Write("net.prototxt", kDetector);
    caffe::NetParameter weights;
    AddLayer("feature", {1, 1, 4, 4}, std::vector<float>(16, 0.0625f), {0},
             &weights);
    AddLayer("loc", {4, 1, 1, 1}, std::vector<float>(4, 0), {0, 0, 0, 0},
             &weights);
    AddLayer("conf", {2, 1, 1, 1}, {-4, 4}, {2, -2}, &weights);
    Write("net.caffemodel", weights.SerializeAsString());
    std::vector<float> images(kRecords * 64);
    std::string boxes;
    for (int i = 0; i < kRecords; ++i) {
      const int row = i % 4 / 2, column = i % 2;
      for (int y = 0; y < 8; ++y) {
        for (int x = 0; x < 8; ++x) {
          const bool is_bright = y / 4 == row && x / 4 == column;
          images[i * 64 + y * 8 + x] =
              is_bright ? 0.75f + static_cast<float>(i) / (4 * kRecords)
                        : static_cast<float>((i + y + x) % 8) / 16;
        }
      }
      absl::StrAppendFormat(&boxes, "%d 1 %g %g %g %g 0\n", i, column / 2.0,
                            row / 2.0, (column + 1) / 2.0, (row + 1) / 2.0);
    }
    Write("data.npy",
          FloatNpy(absl::StrCat("(", kRecords, ", 1, 8, 8)"), images));
    Write("boxes.txt", boxes);
  }

  RunResult Local(const std::string& command,
                  const std::vector<std::string>& more) const {
    std::vector<std::string> words = {Runfile("client/cli/quantctl"),
                                      "--local",
                                      "--quiet",
                                      command,
                                      "--model",
                                      Path("net.prototxt"),
                                      "--weights",
                                      Path("net.caffemodel")};
    words.insert(words.end(), more.begin(), more.end());
    return testing::RunProgram(words, kPatience);
  }

  RunResult Calibrate(std::vector<std::string> more) const {
    const std::vector<std::string> always = {
        "--data",          absl::StrCat("data=", Path("data.npy")),
        "--batch-size=16", "--batch-num=2",
        "--name=det",      "--out",
        Path("out")};
    more.insert(more.end(), always.begin(), always.end());
    return Local("calibrate", more);
  }

  const std::string folder_ = FreshDirectory("detection");
};

// Two prior boxes are the detections; a list of VOC files has the true ones.
TEST_F(DetectionTest, EvaluationGradesThePriorBoxes) {
  Write("net.prototxt", R"(
layer { name: "loc" type: "Input" top: "loc"
        input_param { shape { dim: 1 dim: 8 } } }
layer { name: "conf" type: "Input" top: "conf"
        input_param { shape { dim: 1 dim: 4 } } }
layer { name: "prior" type: "Input" top: "prior"
        input_param { shape { dim: 1 dim: 2 dim: 8 } } }
layer { name: "out" type: "DetectionOutput" bottom: "loc" bottom: "conf"
        bottom: "prior" top: "out"
        detection_output_param { num_classes: 2 confidence_threshold: 0.1
                                 nms_param { nms_threshold: 0.5 } } }
)");
  std::vector<float> prior = {0.1f, 0.1f, 0.3f, 0.3f, 0.5f, 0.5f, 0.9f, 0.9f};
  prior.insert(prior.end(), 8, 0.1f);
  Write("boxes.npz",
        ZipFile({{"loc.npy", FloatNpy("(1, 8)", std::vector<float>(8))},
                 {"conf.npy", FloatNpy("(1, 4)", {0.1f, 0.9f, 0.2f, 0.8f})},
                 {"prior.npy", FloatNpy("(1, 1, 2, 8)", prior)}},
                false));
  caffe::NetParameter no_weights;
  no_weights.add_layer()->set_name("out");
  Write("net.caffemodel", no_weights.SerializeAsString());
  Write("map.prototxt", "item { name: 'dog' label: 1 }");
  Write("dog.xml", R"(<annotation>
  <size><width>100</width><height>100</height></size>
  <object><name>dog</name><bndbox><xmin>50</xmin><ymin>50</ymin>
  <xmax>90</xmax><ymax>90</ymax></bndbox></object></annotation>)");
  Write("list.txt", "dog.jpg dog.xml\n");
  Write("boxes.txt", "0 1 0.1 0.1 0.3 0.3 0\n0 1 0.5 0.5 0.9 0.9 0\n");
  const std::vector<std::string> data = {"--data", Path("boxes.npz")};
  const auto evaluate = [&](std::vector<std::string> more) {
    more.insert(more.end(), data.begin(), data.end());
    return Local("evaluate", more);
  };
  RunResult result = evaluate({"--annotations", Path("list.txt"), "--label-map",
                               Path("map.prototxt"), "-o", "json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto detection =
      nlohmann::json::parse(result.out)["result"]["detection"];
  // The better one of two detections is wrong.
  EXPECT_NEAR(detection["meanAveragePrecision"].get<double>(), 0.5, 1e-9);
  EXPECT_EQ(detection["classes"][0]["name"], "dog");
  EXPECT_EQ(detection["classes"][0]["numDetections"], "2");
  result = evaluate(
      {"--annotations", Path("boxes.txt"), "--ap-method", "MaxIntegral"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("map\t1\nap.1\t1\nimages\t1\n"));
  EXPECT_EQ(
      evaluate({"--annotations", Path("boxes.txt"), "--ap-method", "best"})
          .status,
      2);
  Write("boxes.txt", "1 1 0 0 1 1 0\n");
  result = evaluate({"--annotations", Path("boxes.txt")});
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.err, HasSubstr("the annotations have record 1"));
}

TEST_F(DetectionTest, CalibrationGradesBeforeAndAfter) {
  WriteDetector();
  RunResult result = Calibrate(
      {"--eval-data", absl::StrCat("data=", Path("data.npy")), "--annotations",
       Path("boxes.txt"), "--ap-method", "Integral"});
  ASSERT_EQ(result.status, 0) << result.err;
  for (const char* line :
       {"float.map\t1\n", "float.ap.1\t1\n", "float.images\t32\n",
        "quantized.map\t1\n", "quantized.ap.1\t1\n"}) {
    EXPECT_THAT(result.out, HasSubstr(line));
  }
  const auto report =
      nlohmann::json::parse(ReadFile(Path("out/det_report.json")));
  EXPECT_EQ(report["floatDetection"]["meanAveragePrecision"], 1);
  EXPECT_EQ(report["quantizedDetection"]["classes"][0]["numTruths"], "32");
  EXPECT_EQ(report["numEvaluatedInCalibration"], "32");
  EXPECT_EQ(report.count("floatAccuracy"), 0);
  // The readers of a shape keep no layer float.
  EXPECT_EQ(report["weights"].size(), 3);
  const std::string html = ReadFile(Path("out/det_report.html"));
  EXPECT_THAT(html, HasSubstr("mAP, quantized"));
  EXPECT_THAT(html, HasSubstr("Average precision"));
  EXPECT_THAT(html, HasSubstr("32 of 32 evaluation images"));
  result = testing::RunProgram(
      {Runfile("client/cli/quantctl"), "--local", "--quiet", "verify",
       "--artifacts", Path("out"), "--out", Path("out"), "--data",
       absl::StrCat("data=", Path("data.npy"))},
      kPatience);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("verdict\tPASS"));
}

// The clipping of all bright places to one value costs nothing here but shows:
// the model that is graded second is the quantized one.
TEST_F(DetectionTest, TheQuantizedModelIsTheOneThatLoses) {
  WriteDetector();
  // Dim images for calibration: everything above 0.1 is clipped.
  Write("dim.npy",
        FloatNpy("(32, 1, 8, 8)", std::vector<float>(32 * 64, 0.1f)));
  const RunResult result =
      Local("calibrate",
            {"--data", absl::StrCat("data=", Path("dim.npy")), "--eval-data",
             absl::StrCat("data=", Path("data.npy")), "--annotations",
             Path("boxes.txt"), "--batch-size=16", "--batch-num=2",
             "--name=det", "--out", Path("out"), "-o", "json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto graded = nlohmann::json::parse(result.out)["result"];
  EXPECT_EQ(graded["detection"]["meanAveragePrecision"], 1);
  EXPECT_LT(graded["quantizedDetection"]["meanAveragePrecision"].get<double>(),
            0.9);
}

TEST_F(DetectionTest, BadAnnotationsComeBeforeAnyWork) {
  WriteDetector();
  const std::string data = absl::StrCat("data=", Path("data.npy"));
  RunResult result = Calibrate({"--annotations", Path("boxes.txt")});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("--annotations needs --eval-data"));
  result = Calibrate({"--eval-data", data, "--ap-method", "Integral"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("--ap-method needs --annotations"));
  // Without annotations there are no scores to compare.
  result = Calibrate({"--eval-data", data});
  EXPECT_NE(result.status, 0);
  Write("boxes.txt", "32 1 0 0 1 1 0\n");
  result = Calibrate({"--eval-data", data, "--annotations", Path("boxes.txt")});
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.err, HasSubstr("the annotations have record 32"));
}

}  // namespace
}  // namespace quantd
