// The job UNINPLACE: a network without in-place layers (AMCT's
// uninplace_model).
// Not here: how blobs are renamed (engine/graph/uninplace.h).
#ifndef QUANTD_ENGINE_JOBS_UNINPLACE_MODEL_H_
#define QUANTD_ENGINE_JOBS_UNINPLACE_MODEL_H_

#include "absl/status/statusor.h"
#include "engine/jobs/job.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Phases: LOAD, EMIT. One file, "uninplace.prototxt": layers without phase or
// of phase TEST. The network is not run: files that it names are not needed.
// Errors: those of LoadJobModel() and Uninplace().
absl::StatusOr<JobOutput> RunUninplace(const v1::UninplaceSpec& spec,
                                       const JobInputs& inputs,
                                       JobMonitor* monitor);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_UNINPLACE_MODEL_H_
