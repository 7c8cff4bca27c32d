// The job INSPECT: what calibration would do with a network, written as AMCT's
// config.json with every default spelled out (AMCT's create_quant_config).
#ifndef QUANTD_ENGINE_JOBS_INSPECT_H_
#define QUANTD_ENGINE_JOBS_INSPECT_H_

#include "absl/status/statusor.h"
#include "engine/jobs/job.h"

namespace quantd {

// Phases: LOAD, EMIT. One file, "config.json"; the result counts the layers
// that are switched on and off. The network is not run: files that it names are
// not needed.
// Errors: those of LoadJobModel() and ReadQuantConfig().
absl::StatusOr<JobOutput> RunInspect(const v1::InspectSpec& spec,
                                     const JobInputs& inputs,
                                     JobMonitor* monitor);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_INSPECT_H_
