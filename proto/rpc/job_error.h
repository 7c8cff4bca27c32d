// The mapping between absl::Status (base/error.h) and v1::JobError.
#ifndef QUANTD_PROTO_RPC_JOB_ERROR_H_
#define QUANTD_PROTO_RPC_JOB_ERROR_H_

#include "absl/status/status.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// `status`, which must not be OK, as the error of a job.
v1::JobError ToJobError(const absl::Status& status);

// The inverse. A code outside 1..16 becomes UNKNOWN.
absl::Status FromJobError(const v1::JobError& error);

}  // namespace quantd

#endif  // QUANTD_PROTO_RPC_JOB_ERROR_H_
