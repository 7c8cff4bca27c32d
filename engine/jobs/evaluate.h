// The job EVALUATE: accuracy of one network on one data set, or the average
// precision of its detections.
#ifndef QUANTD_ENGINE_JOBS_EVALUATE_H_
#define QUANTD_ENGINE_JOBS_EVALUATE_H_

#include "absl/status/statusor.h"
#include "engine/jobs/job.h"

namespace quantd {

// Phases: LOAD, EVALUATE. The result has float_accuracy, or
// detection if the spec has a DetectionSpec.
absl::StatusOr<JobOutput> RunEvaluate(const v1::EvaluateSpec& spec,
                                      const JobInputs& inputs,
                                      JobMonitor* monitor);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_EVALUATE_H_
