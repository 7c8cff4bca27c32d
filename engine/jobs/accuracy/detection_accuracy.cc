#include "engine/jobs/accuracy/detection_accuracy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/graph/optimize_for_inference.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/jobs/feed/net_inputs.h"
#include "engine/simulator/simulator.h"

namespace quantd {
namespace {

constexpr double kDefaultMinOverlap = 0.5;
constexpr int64_t kRowSize = 7;  // Image, label, score, box.

absl::Status Invalid(const std::string& name, int64_t line,
                     absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "ANNOTATION_INVALID",
               absl::StrCat(name, ", line ", line, ": ", why),
               {{"file", name}, {"line", absl::StrCat(line)}});
}

bool ParseBox(const std::vector<absl::string_view>& words, int64_t* record,
              TrueBox* truth) {
  int difficult = 0;
  if (words.size() != 7 || !absl::SimpleAtoi(words[0], record) ||
      !absl::SimpleAtoi(words[1], &truth->box.label) ||
      !absl::SimpleAtof(words[2], &truth->box.xmin) ||
      !absl::SimpleAtof(words[3], &truth->box.ymin) ||
      !absl::SimpleAtof(words[4], &truth->box.xmax) ||
      !absl::SimpleAtof(words[5], &truth->box.ymax) ||
      !absl::SimpleAtoi(words[6], &difficult)) {
    return false;
  }
  truth->is_difficult = difficult == 1;
  const LabelledBox& box = truth->box;
  return *record >= 0 && box.label >= 0 && difficult >= 0 && difficult <= 1 &&
         std::isfinite(box.xmin + box.ymin + box.xmax + box.ymax) &&
         box.xmin <= box.xmax && box.ymin <= box.ymax;
}

PrecisionMethod MethodOf(const v1::DetectionSpec& spec) {
  switch (spec.method()) {
    case v1::DetectionSpec::METHOD_MAX_INTEGRAL:
      return PrecisionMethod::kMaxIntegral;
    case v1::DetectionSpec::METHOD_INTEGRAL:
      return PrecisionMethod::kIntegral;
    default:
      return PrecisionMethod::k11Point;
  }
}

absl::StatusOr<double> MinOverlap(const v1::DetectionSpec& spec) {
  const double bound = spec.min_overlap();
  if (bound == 0) return kDefaultMinOverlap;
  if (bound > 0 && bound <= 1) return bound;
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               absl::StrCat("min_overlap is ", bound,
                            "; it must be above 0 and at most 1"),
               {{"option", "min_overlap"}});
}

// The top of the one DetectionOutput layer.
absl::StatusOr<std::string> FindDetections(const caffe::NetParameter& net) {
  std::vector<std::string> blobs;
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layer.type() == "DetectionOutput" && layer.top_size() == 1) {
      blobs.push_back(layer.top(0));
    }
  }
  if (blobs.size() == 1) return blobs[0];
  return Error(absl::StatusCode::kFailedPrecondition, "BLOB_NOT_FOUND",
               absl::StrCat("the network has ", blobs.size(),
                            " layers of type DetectionOutput with one top; "
                            "detections are read from exactly one"),
               {{"available", absl::StrJoin(blobs, ",")}});
}

// Boxes by image of the batch, of `rows` (1,1,K,7).
absl::StatusOr<std::vector<std::vector<ScoredBox>>> BoxesOf(
    const Tensor& rows, int64_t num_images) {
  std::vector<std::vector<ScoredBox>> boxes(num_images);
  const absl::Span<const float> values = rows.values();
  for (size_t at = 0; at + kRowSize <= values.size(); at += kRowSize) {
    const float* row = &values[at];
    if (row[1] < 0) continue;  // Stands for no detection.
    if (!(row[0] >= 0 && row[0] < static_cast<float>(num_images)) ||
        !(row[1] < 1e6f) || std::isnan(row[2])) {
      return Error(absl::StatusCode::kInvalidArgument,
                   "EVALUATION_INPUT_INVALID",
                   absl::StrCat("a detection is of image ", row[0], ", label ",
                                row[1], " and score ", row[2],
                                ": the network must give detections of the "
                                "images of its batch, 0 to ",
                                num_images - 1));
    }
    boxes[static_cast<int64_t>(row[0])].push_back(
        {{static_cast<int>(row[1]), row[3], row[4], row[5], row[6]}, row[2]});
  }
  return boxes;
}

v1::DetectionResult ToProto(const AveragePrecision& precision,
                            const v1::DetectionSpec& spec, double min_overlap,
                            int64_t num_records) {
  v1::DetectionResult result;
  result.set_mean_average_precision(precision.Mean());
  result.set_num_records(num_records);
  result.set_method(spec.method());
  result.set_min_overlap(min_overlap);
  for (const auto& [label, counts] : precision.Classes()) {
    v1::ClassPrecision* row = result.add_classes();
    row->set_label(label);
    const auto name = spec.label_names().find(label);
    if (name != spec.label_names().end()) row->set_name(name->second);
    row->set_average_precision(counts.average_precision);
    row->set_num_truths(counts.num_truths);
    row->set_num_detections(counts.num_detections);
  }
  return result;
}

absl::StatusOr<std::unique_ptr<Net>> MakeNet(caffe::NetParameter param,
                                             const std::string& blob) {
  Net::Options options;
  options.inference = true;
  options.keep_blobs = {blob};
  ASSIGN_OR_RETURN(caffe::NetParameter optimized,
                   OptimizeForInference(std::move(param), options.keep_blobs));
  return CreateSimulator(std::move(optimized), options);
}

// Truths of records that the data set does not have belong to another.
absl::Status CheckRecords(const Truths& truths, int64_t num_records) {
  if (truths.empty() || truths.rbegin()->first < num_records) {
    return absl::OkStatus();
  }
  return Error(
      absl::StatusCode::kInvalidArgument, "ANNOTATION_INVALID",
      absl::StrCat("the annotations have record ", truths.rbegin()->first,
                   " (from 0), but the data "
                   "set has ",
                   num_records,
                   " records; give the annotations of this data, in "
                   "its order"),
      {{"found", absl::StrCat(truths.rbegin()->first)},
       {"expected", absl::StrCat(num_records)}});
}

}  // namespace

absl::StatusOr<Truths> ParseTruths(absl::string_view text,
                                   const std::string& name) {
  Truths truths;
  int64_t line_number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++line_number;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    int64_t record = 0;
    TrueBox truth;
    if (!ParseBox(words, &record, &truth)) {
      return Invalid(name, line_number,
                     "give record, label, xmin, ymin, xmax, ymax and 0 or 1 "
                     "for a difficult box, with min <= max");
    }
    truths[record].push_back(truth);
  }
  return truths;
}

absl::StatusOr<Truths> ReadTruths(const caffe::NetParameter& net,
                                  const v1::DetectionSpec& spec,
                                  const JobInputs& inputs,
                                  int64_t num_records) {
  RETURN_IF_ERROR(MinOverlap(spec).status());
  RETURN_IF_ERROR(FindDetections(net).status());
  ASSIGN_OR_RETURN(const std::string text, inputs.read_blob(spec.truths()));
  ASSIGN_OR_RETURN(Truths truths, ParseTruths(text, spec.truths().file_name()));
  RETURN_IF_ERROR(CheckRecords(truths, num_records));
  return truths;
}

absl::StatusOr<v1::DetectionResult> MeasureDetection(
    caffe::NetParameter param, const NetworkFeed& feed,
    const v1::DetectionSpec& spec, const Truths& truths,
    const EvaluationData& data, PhaseTracker* tracker) {
  ASSIGN_OR_RETURN(const double min_overlap, MinOverlap(spec));
  ASSIGN_OR_RETURN(const std::string blob, FindDetections(param));
  ASSIGN_OR_RETURN(auto reader, OpenFeed(feed, data.lmdb_path, 1));
  ASSIGN_OR_RETURN(
      auto net,
      MakeNet(WithInputLayer(std::move(param), reader->inputs(), 1), blob));
  RETURN_IF_ERROR(reader->SetBatchSize(ImagesPerPass(*net, data.batch_size)));
  const int64_t wanted = data.max_records > 0
                             ? data.max_records
                             : std::numeric_limits<int64_t>::max();
  AveragePrecision precision(MethodOf(spec), min_overlap);
  const std::vector<TrueBox> no_boxes;
  Tensor labels;
  int64_t num_records = 0;
  while (num_records < wanted) {
    ASSIGN_OR_RETURN(const int64_t count, reader->Next(net.get(), &labels));
    if (count == 0) break;
    const int64_t used = std::min(count, wanted - num_records);
    if (used < count) RETURN_IF_ERROR(KeepImages(used, net.get()));
    if (data.survey != nullptr) {
      ASSIGN_OR_RETURN(const std::vector<const Tensor*> inputs,
                       BlobsOf(*net, reader->inputs()));
      data.survey->Add(inputs, used);
    }
    RETURN_IF_ERROR(
        net->Forward([tracker](int) { return tracker->CheckCancelled(); }));
    ASSIGN_OR_RETURN(const Tensor* rows, net->Blob(blob));
    ASSIGN_OR_RETURN(const auto boxes, BoxesOf(*rows, used));
    for (int64_t i = 0; i < used; ++i) {
      const auto true_boxes = truths.find(num_records + i);
      precision.AddImage(
          true_boxes == truths.end() ? no_boxes : true_boxes->second, boxes[i]);
    }
    num_records += used;
    tracker->Advance(num_records / data.batch_size, used);
  }
  return ToProto(precision, spec, min_overlap, num_records);
}

}  // namespace quantd
