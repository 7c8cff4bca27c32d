#include "engine/jobs/compare.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_lmdb.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::RecordingMonitor;

constexpr char kInput[] = R"(
  layer { name: "in" type: "Input" top: "x"
          input_param { shape { dim: 1 dim: 1 dim: 2 dim: 2 } } })";

// d = 2 x, h = d / 2.
constexpr char kFloat[] = R"(
  layer { name: "double" type: "Power" bottom: "x" top: "d"
          power_param { scale: 2 } }
  layer { name: "half" type: "Power" bottom: "d" top: "h"
          power_param { scale: 0.5 } })";

// The same with both inputs rounded to whole numbers in [-128, 127].
constexpr char kQuantized[] = R"(
  layer { name: "qx" type: "Quant" bottom: "x" top: "xq"
          quant_param { scale: 1 } }
  layer { name: "double" type: "Power" bottom: "xq" top: "d"
          power_param { scale: 2 } }
  layer { name: "qd" type: "Quant" bottom: "d" top: "dq"
          quant_param { scale: 1 num_bits_d: 8 } }
  layer { name: "half" type: "Power" bottom: "dq" top: "h"
          power_param { scale: 0.5 } })";

constexpr char kTail[] =
    R"( layer { name: "region" type: "Region" bottom: "h" top: "boxes" })";

// Compares two models on one image, 1 7 100 255.
class CompareTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::CompareResult> Run(const std::string& model,
                                        const std::string& quantized) {
    const std::map<std::string, std::string> files = {
        {"float.prototxt", absl::StrCat(kInput, model)},
        {"quantized.prototxt", absl::StrCat(kInput, quantized)}};
    JobInputs inputs;
    inputs.read_blob = [&files](const v1::BlobRef& blob) {
      return absl::StatusOr<std::string>(files.at(blob.file_name()));
    };
    inputs.dataset_paths["images"] =
        testing::WriteLmdb(std::vector<caffe::Datum>{
            testing::MakeDatum(1, 2, 2, "\x01\x07\x64\xff")});
    v1::CompareSpec spec;
    spec.mutable_model()->mutable_prototxt()->set_file_name("float.prototxt");
    spec.mutable_quantized()->mutable_prototxt()->set_file_name(
        "quantized.prototxt");
    spec.set_dataset_id("images");
    RecordingMonitor monitor;
    ASSIGN_OR_RETURN(const JobOutput output,
                     RunCompare(spec, inputs, &monitor));
    return output.result.compare();
  }

  static v1::BlobDifference RowOf(const v1::CompareResult& result,
                                  const std::string& blob) {
    for (const v1::BlobDifference& row : result.blobs()) {
      if (row.blob() == blob) return row;
    }
    ADD_FAILURE() << "no row of " << blob;
    return {};
  }
};

TEST_F(CompareTest, SaysHowFarBlobsAreFromEachOther) {
  ASSERT_OK_AND_ASSIGN(const v1::CompareResult result, Run(kFloat, kQuantized));
  EXPECT_EQ(result.num_images(), 1);
  ASSERT_EQ(result.blobs_size(), 2);
  const v1::BlobDifference d = RowOf(result, "d");
  EXPECT_EQ(d.layer(), "double");
  EXPECT_EQ(d.num_values(), 4);
  EXPECT_EQ(d.max(), 510);
  EXPECT_EQ(d.max_error(), 510 - 254);
  // "qd" cuts 200 and 254 off.
  EXPECT_EQ(d.clipped(), 0.5);
  EXPECT_EQ(d.scale_d(), 1);
  EXPECT_EQ(RowOf(result, "h").max_error(), 255 - 63.5);
  EXPECT_EQ(RowOf(result, "h").clipped(), 0);
  // h's largest value is the last one; of the quantized, the last but one.
  EXPECT_EQ(result.top1_agreement(), 0);
}

TEST_F(CompareTest, TailsThatCannotBeRunAreLeftOut) {
  ASSERT_OK_AND_ASSIGN(
      const v1::CompareResult result,
      Run(absl::StrCat(kFloat, kTail), absl::StrCat(kQuantized, kTail)));
  EXPECT_EQ(result.blobs_size(), 2);
  // What the tail reads are no class scores.
  EXPECT_EQ(result.top1_agreement(), -1);
}

TEST_F(CompareTest, ModelsWithoutACommonBlobAreRefused) {
  EXPECT_THAT(
      Run(kFloat, R"(layer { name: "relu" type: "ReLU" bottom: "x" top: "r" })")
          .status(),
      HasReason("MODELS_NOT_COMPARABLE"));
}

TEST_F(CompareTest, ShapesMustAgree) {
  EXPECT_THAT(
      Run(kFloat, R"(layer { name: "f" type: "Flatten" bottom: "x" top: "d" })")
          .status(),
      HasReason("MODELS_NOT_COMPARABLE"));
}

}  // namespace
}  // namespace quantd
