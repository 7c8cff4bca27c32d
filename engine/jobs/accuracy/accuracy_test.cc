#include "engine/jobs/accuracy/accuracy.h"

#include <string>

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
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Scores of three classes as they come, with two Accuracy layers.
constexpr char kClassifier[] = R"(
  layer { name: "d" type: "Data" top: "x" top: "label"
          data_param { source: "s" batch_size: 4 } }
  layer { name: "double" type: "Power" bottom: "x" top: "s"
          power_param { scale: 2 } }
  layer { name: "first" type: "Accuracy" bottom: "s" bottom: "label"
          top: "a" top: "by_class" }
  layer { name: "two" type: "Accuracy" bottom: "s" bottom: "label" top: "b"
          accuracy_param { top_k: 2 ignore_label: 2 } }
  layer { name: "relu" type: "ReLU" bottom: "s" top: "s" }
  layer { name: "prob" type: "Softmax" bottom: "s" top: "p" })";

// Two classes at four positions.
constexpr char kSegmenter[] = R"(
  layer { name: "x" type: "Input" top: "x"
          input_param { shape { dim: 1 dim: 2 dim: 2 dim: 2 } } }
  layer { name: "gt" type: "Input" top: "gt"
          input_param { shape { dim: 1 dim: 1 dim: 2 dim: 2 } } }
  layer { name: "pixels" type: "Accuracy" bottom: "x" bottom: "gt" top: "a"
          accuracy_param { ignore_label: 255 } })";

absl::StatusOr<v1::Accuracy> Measure(const std::string& text,
                                     const std::string& path,
                                     int64_t max_records = 0) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  ASSIGN_OR_RETURN(const NetworkFeed feed, FindFeed(net, nullptr, JobInputs()));
  EvaluationData data;
  data.lmdb_path = path;
  data.batch_size = 2;
  data.max_records = max_records;
  RecordingMonitor monitor;
  PhaseTracker tracker(&monitor);
  tracker.Begin("EVALUATE");
  return MeasureAccuracy(net, feed, data, &tracker);
}

// Records of class 0, 1, 2, 0, 1: first, first, first, second, third.
std::string FiveRecords() {
  return WriteTensors(
      5, {{"x", {3}, {3, 2, 1, 1, 3, 2, 1, 2, 3, 2, 3, 1, 2, 1, 3}},
          {"label", {}, {0, 1, 2, 0, 1}}});
}

TEST(AccuracyTest, LayersCountBesideTheScores) {
  ASSERT_OK_AND_ASSIGN(const v1::Accuracy accuracy,
                       Measure(kClassifier, FiveRecords()));
  EXPECT_DOUBLE_EQ(accuracy.top1(), 0.6);
  EXPECT_EQ(accuracy.top5(), -1);
  EXPECT_EQ(accuracy.num_records(), 5);
  ASSERT_EQ(accuracy.layers_size(), 2);
  EXPECT_EQ(accuracy.layers(0).layer(), "first");
  EXPECT_EQ(accuracy.layers(0).top_k(), 1);
  EXPECT_DOUBLE_EQ(accuracy.layers(0).accuracy(), 0.6);
  EXPECT_EQ(accuracy.layers(0).num_values(), 5);
  EXPECT_THAT(accuracy.layers(0).class_accuracy(), ElementsAre(0.5, 0.5, 1));
  EXPECT_EQ(accuracy.layers(1).layer(), "two");
  EXPECT_EQ(accuracy.layers(1).top_k(), 2);
  EXPECT_DOUBLE_EQ(accuracy.layers(1).accuracy(), 0.75);
  EXPECT_EQ(accuracy.layers(1).num_values(), 4);
  EXPECT_THAT(accuracy.layers(1).class_accuracy(), ElementsAre());
}

TEST(AccuracyTest, OnlySoManyRecords) {
  ASSERT_OK_AND_ASSIGN(const v1::Accuracy accuracy,
                       Measure(kClassifier, FiveRecords(), 3));
  EXPECT_EQ(accuracy.num_records(), 3);
  EXPECT_EQ(accuracy.top1(), 1);
  EXPECT_EQ(accuracy.layers(0).num_values(), 3);
}

TEST(AccuracyTest, SegmentationHasItsLayerOnly) {
  // Per record: scores of class 0, of class 1; then the labels.
  const std::string path =
      WriteTensors(2, {{"x",
                        {2, 2, 2},
                        {1, 0, 1, 0, 0, 1, 0, 1,  //
                         0, 0, 0, 0, 1, 1, 1, 1}},
                       {"gt", {1, 2, 2}, {0, 1, 0, 0, 1, 1, 255, 0}}});
  ASSERT_OK_AND_ASSIGN(const v1::Accuracy accuracy, Measure(kSegmenter, path));
  EXPECT_EQ(accuracy.top1(), -1);
  EXPECT_EQ(accuracy.loss(), -1);
  EXPECT_EQ(accuracy.num_records(), 2);
  ASSERT_EQ(accuracy.layers_size(), 1);
  EXPECT_EQ(accuracy.layers(0).num_values(), 7);
  EXPECT_DOUBLE_EQ(accuracy.layers(0).accuracy(), 5.0 / 7);
}

TEST(AccuracyTest, LabelsMustBeThere) {
  const absl::Status status =
      Measure(kClassifier, WriteTensors(1, {{"x", {3}, {1, 2, 3}}})).status();
  EXPECT_THAT(status, HasReason("EVALUATION_INPUT_INVALID"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("label=FILE.npy"));
}

TEST(AccuracyTest, ErrorsNameTheLayer) {
  const absl::Status status =
      Measure(kSegmenter,
              WriteTensors(1, {{"x", {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}},
                               {"gt", {1, 2, 2}, {0, 1, 2, 0}}}))
          .status();
  EXPECT_THAT(status, HasReason("LABEL_OUT_OF_RANGE"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"pixels\""));
}

}  // namespace
}  // namespace quantd
