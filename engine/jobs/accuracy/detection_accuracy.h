// Average precision of a detection network over a data set.
#ifndef QUANTD_ENGINE_JOBS_ACCURACY_DETECTION_ACCURACY_H_
#define QUANTD_ENGINE_JOBS_ACCURACY_DETECTION_ACCURACY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/eval/average_precision.h"
#include "engine/jobs/accuracy/evaluation_data.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/job.h"
#include "engine/jobs/phase_tracker.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// True boxes by number of the record.
using Truths = std::map<int64_t, std::vector<TrueBox>>;

// Reads DetectionSpec.truths. `name` is for messages.
// Errors: INVALID_ARGUMENT, ANNOTATION_INVALID with the line.
absl::StatusOr<Truths> ParseTruths(absl::string_view text,
                                   const std::string& name);

// The true boxes that `spec` names, of `num_records` records. The one
// DetectionOutput layer of `net` gives the detections. What is wrong with any
// of these is found here, before a pass.
// Errors: FAILED_PRECONDITION, BLOB_NOT_FOUND without such a layer or with
// several; INVALID_ARGUMENT, ANNOTATION_INVALID for truths of other records,
// OPTION_OUT_OF_RANGE for min_overlap; those of ParseTruths().
absl::StatusOr<Truths> ReadTruths(const caffe::NetParameter& net,
                                  const v1::DetectionSpec& spec,
                                  const JobInputs& inputs, int64_t num_records);

// Runs `net`, to which ReadTruths() found the boxes, over the records. Reports
// to `tracker`, whose phase has begun; units are batches.
// Errors: those of ReadTruths() for net and spec, OpenFeed() and Net.
absl::StatusOr<v1::DetectionResult> MeasureDetection(
    caffe::NetParameter net, const NetworkFeed& feed,
    const v1::DetectionSpec& spec, const Truths& truths,
    const EvaluationData& data, PhaseTracker* tracker);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_ACCURACY_DETECTION_ACCURACY_H_
