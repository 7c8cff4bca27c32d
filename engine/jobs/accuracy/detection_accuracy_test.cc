#include "engine/jobs/accuracy/detection_accuracy.h"

#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_tensors.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::RecordingMonitor;
using ::quantd::testing::WriteTensors;
using ::testing::HasSubstr;

// Two prior boxes, which are the detections where `conf` says so.
constexpr char kNet[] = R"(
  layer { name: "loc" type: "Input" top: "loc"
          input_param { shape { dim: 1 dim: 8 } } }
  layer { name: "conf" type: "Input" top: "conf"
          input_param { shape { dim: 1 dim: 4 } } }
  layer { name: "prior" type: "Input" top: "prior"
          input_param { shape { dim: 1 dim: 2 dim: 8 } } }
  layer { name: "out" type: "DetectionOutput" bottom: "loc" bottom: "conf"
          bottom: "prior" top: "out"
          detection_output_param { num_classes: 2 confidence_threshold: 0.1
                                   nms_param { nms_threshold: 0.5 } } })";

// Record 0: both priors; record 1: the second.
std::string Records() {
  std::vector<float> priors;
  for (int record = 0; record < 2; ++record) {
    for (const float value : {0.1f, 0.1f, 0.3f, 0.3f, 0.5f, 0.5f, 0.9f, 0.9f}) {
      priors.push_back(value);
    }
    priors.insert(priors.end(), 8, 0.1f);
  }
  return WriteTensors(2, {{"loc", {8}, std::vector<float>(16)},
                          {"conf",
                           {4},
                           {0.1f, 0.9f, 0.2f, 0.8f,  //
                            1, 0, 0.3f, 0.7f}},
                          {"prior", {1, 2, 8}, priors}});
}

absl::StatusOr<v1::DetectionResult> Measure(const std::string& truths,
                                            v1::DetectionSpec spec = {},
                                            int64_t max_records = 0) {
  JobInputs inputs;
  inputs.read_blob = [&truths](const v1::BlobRef&) {
    return absl::StatusOr<std::string>(truths);
  };
  spec.mutable_truths()->set_file_name("truths.txt");
  (*spec.mutable_label_names())[1] = "dog";
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kNet, &net));
  ASSIGN_OR_RETURN(const NetworkFeed feed, FindFeed(net, nullptr, inputs));
  ASSIGN_OR_RETURN(const Truths boxes, ReadTruths(net, spec, inputs, 2));
  RecordingMonitor monitor;
  PhaseTracker tracker(&monitor);
  tracker.Begin("EVALUATE");
  return MeasureDetection(net, feed, spec, boxes, {Records(), 16, max_records},
                          &tracker);
}

constexpr char kFirst[] = "0 1 0.1 0.1 0.3 0.3 0\n";
constexpr char kSecond[] = "1 1 0.5 0.5 0.9 0.9 0\n";

// By score: right, wrong (record 0 has no second box), right.
TEST(DetectionAccuracyTest, MatchesBoxesByRecord) {
  ASSERT_OK_AND_ASSIGN(v1::DetectionResult result,
                       Measure(std::string(kFirst) + kSecond));
  EXPECT_EQ(result.num_records(), 2);
  EXPECT_EQ(result.min_overlap(), 0.5);
  ASSERT_EQ(result.classes_size(), 1);
  EXPECT_EQ(result.classes(0).label(), 1);
  EXPECT_EQ(result.classes(0).name(), "dog");
  EXPECT_EQ(result.classes(0).num_truths(), 2);
  EXPECT_EQ(result.classes(0).num_detections(), 3);
  EXPECT_NEAR(result.mean_average_precision(), (6 + 5 * 2 / 3.0) / 11, 1e-9);
  v1::DetectionSpec spec;
  spec.set_method(v1::DetectionSpec::METHOD_MAX_INTEGRAL);
  ASSERT_OK_AND_ASSIGN(result, Measure(std::string(kFirst) + kSecond, spec));
  EXPECT_NEAR(result.mean_average_precision(), (1 + 2 / 3.0) / 2, 1e-9);
}

TEST(DetectionAccuracyTest, OnlySoManyRecords) {
  ASSERT_OK_AND_ASSIGN(const v1::DetectionResult result,
                       Measure(std::string(kFirst) + kSecond, {}, 1));
  EXPECT_EQ(result.num_records(), 1);
  EXPECT_EQ(result.classes(0).num_truths(), 1);
  EXPECT_EQ(result.mean_average_precision(), 1);
}

TEST(DetectionAccuracyTest, DifficultBoxesAndOverlap) {
  ASSERT_OK_AND_ASSIGN(
      v1::DetectionResult result,
      Measure("0 1 0.1 0.1 0.3 0.3 0\n0 1 0.5 0.5 0.9 0.9 1\n\n"
              "1 1 0.5 0.5 0.9 0.9 1\n"));
  EXPECT_EQ(result.mean_average_precision(), 1);
  v1::DetectionSpec spec;
  spec.set_min_overlap(0.9f);
  ASSERT_OK_AND_ASSIGN(result, Measure("1 1 0.5 0.5 0.9 0.8 0\n", spec));
  EXPECT_EQ(result.mean_average_precision(), 0);
}

TEST(DetectionAccuracyTest, RefusesBadTruths) {
  for (const char* line :
       {"0 1 0.1 0.1 0.3 0.3", "0 1 0.1 0.1 0.3 0.3 2", "-1 1 0 0 1 1 0",
        "0 -1 0 0 1 1 0", "0 1 0 nan 1 1 0", "0 1 0.5 0 0.4 1 0",
        "0 1 0 0 1 1 0 0", "x 1 0 0 1 1 0"}) {
    const absl::Status status = Measure(std::string(kFirst) + line).status();
    EXPECT_THAT(status, HasReason("ANNOTATION_INVALID")) << line;
    EXPECT_THAT(std::string(status.message()), HasSubstr("truths.txt, line 2"));
  }
  EXPECT_THAT(Measure("2 1 0 0 1 1 0\n"), HasReason("ANNOTATION_INVALID"));
  v1::DetectionSpec spec;
  spec.set_min_overlap(2);
  EXPECT_THAT(Measure(kFirst, spec), HasReason("OPTION_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace quantd
