// What quantd itself checks and needs of a job's spec: references and ranges.
// Not here: what is inside of a blob; only a worker opens it.
#ifndef QUANTD_SERVER_JOBS_JOB_SPEC_H_
#define QUANTD_SERVER_JOBS_JOB_SPEC_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd::jobs {

// "calibrate", "evaluate", ...; for metrics and messages. "none" without a
// kind.
std::string JobKind(const v1::JobSpec& spec);

// The quantization algorithms that a job uses, for metrics: "arq_ifmr",
// "none".
std::string JobAlgorithm(const v1::JobSpec& spec);

// Device class that a job waits for: "cpu".
std::string JobDevice(const v1::JobSpec& spec);

// Every blob that `spec` refers to.
std::vector<v1::BlobRef> ListBlobs(const v1::JobSpec& spec);

// Every data set that `spec` refers to, once each.
std::vector<std::string> ListDatasets(const v1::JobSpec& spec);

// Errors: INVALID_ARGUMENT, with the field in the metadata: FIELD_REQUIRED,
// OPTION_OUT_OF_RANGE, OPTION_CONFLICT.
absl::Status CheckSpec(const v1::JobSpec& spec);

}  // namespace quantd::jobs

#endif  // QUANTD_SERVER_JOBS_JOB_SPEC_H_
