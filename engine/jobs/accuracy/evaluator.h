// Grades a network by its class scores or by its detections.
#ifndef QUANTD_ENGINE_JOBS_ACCURACY_EVALUATOR_H_
#define QUANTD_ENGINE_JOBS_ACCURACY_EVALUATOR_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jobs/accuracy/detection_accuracy.h"
#include "engine/jobs/accuracy/evaluation_data.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/job.h"
#include "engine/jobs/phase_tracker.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Threads: safe once made.
class Evaluator {
 public:
  // For `num_records` records and networks with the outputs of `net`: by
  // `detection`, or by class scores where it is null. Errors: those of
  // ReadTruths() or FindScoreOutput(), so that they come before any work is
  // done.
  static absl::StatusOr<Evaluator> Create(const caffe::NetParameter& net,
                                          const v1::DetectionSpec* detection,
                                          const JobInputs& inputs,
                                          int64_t num_records);

  // Fills result->float_accuracy or result->detection. Reports to `tracker`,
  // whose phase has begun; units are batches. Errors: those of
  // MeasureAccuracy() or MeasureDetection().
  absl::Status Evaluate(caffe::NetParameter net, const NetworkFeed& feed,
                        const EvaluationData& data, PhaseTracker* tracker,
                        v1::JobResult* result) const;

  // The same for result->quantized_accuracy or result->quantized_detection.
  absl::Status EvaluateQuantized(caffe::NetParameter net,
                                 const NetworkFeed& feed,
                                 const EvaluationData& data,
                                 PhaseTracker* tracker,
                                 v1::JobResult* result) const;

 private:
  Evaluator() = default;

  bool has_detection_ = false;
  v1::DetectionSpec detection_;
  Truths truths_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_ACCURACY_EVALUATOR_H_
