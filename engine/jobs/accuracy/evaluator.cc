#include "engine/jobs/accuracy/evaluator.h"

#include <utility>

#include "base/status_macros.h"
#include "engine/jobs/accuracy/accuracy.h"
#include "engine/jobs/accuracy/score_output.h"

namespace quantd {

absl::StatusOr<Evaluator> Evaluator::Create(const caffe::NetParameter& net,
                                            const v1::DetectionSpec* detection,
                                            const JobInputs& inputs,
                                            int64_t num_records) {
  Evaluator evaluator;
  if (detection == nullptr) {
    RETURN_IF_ERROR(FindScoreOutput(net).status());
    return evaluator;
  }
  evaluator.has_detection_ = true;
  evaluator.detection_ = *detection;
  ASSIGN_OR_RETURN(evaluator.truths_,
                   ReadTruths(net, *detection, inputs, num_records));
  return evaluator;
}

absl::Status Evaluator::Evaluate(caffe::NetParameter net,
                                 const NetworkFeed& feed,
                                 const EvaluationData& data,
                                 PhaseTracker* tracker,
                                 v1::JobResult* result) const {
  if (has_detection_) {
    ASSIGN_OR_RETURN(*result->mutable_detection(),
                     MeasureDetection(std::move(net), feed, detection_, truths_,
                                      data, tracker));
  } else {
    ASSIGN_OR_RETURN(*result->mutable_float_accuracy(),
                     MeasureAccuracy(std::move(net), feed, data, tracker));
  }
  return absl::OkStatus();
}

absl::Status Evaluator::EvaluateQuantized(caffe::NetParameter net,
                                          const NetworkFeed& feed,
                                          const EvaluationData& data,
                                          PhaseTracker* tracker,
                                          v1::JobResult* result) const {
  v1::JobResult graded;
  RETURN_IF_ERROR(Evaluate(std::move(net), feed, data, tracker, &graded));
  if (has_detection_) {
    *result->mutable_quantized_detection() = graded.detection();
  } else {
    *result->mutable_quantized_accuracy() = graded.float_accuracy();
  }
  return absl::OkStatus();
}

}  // namespace quantd
