// The job COMPARE: what quantization changed, blob by blob.
#ifndef QUANTD_ENGINE_JOBS_COMPARE_H_
#define QUANTD_ENGINE_JOBS_COMPARE_H_

#include "absl/status/statusor.h"
#include "engine/jobs/job.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Runs both networks on the same images and compares the blobs that both have,
// in-place layers taken apart, without the last layers that cannot be run (see
// DropTail() in engine/graph/drop_tail.h). A fused layer writes the last blob
// of what was fused into it, so a fake-quant model is compared with the float
// one behind BatchNorm and Scale. Phases: LOAD, COMPARE, EMIT. Files:
// NAME_compare.json, the result, and NAME_compare.html, a report that needs
// nothing else. Errors: FAILED_PRECONDITION, MODELS_NOT_COMPARABLE if no blob
// is in both, or one has another shape in each; those of loading, DropTail(),
// OpenFeed() and Net.
absl::StatusOr<JobOutput> RunCompare(const v1::CompareSpec& spec,
                                     const JobInputs& inputs,
                                     JobMonitor* monitor);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_COMPARE_H_
