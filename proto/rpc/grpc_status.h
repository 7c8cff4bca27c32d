// The only mapping between absl::Status (base/error.h) and grpc::Status, for
// servers and clients.
// Not here: JobError, the error of a job (job_error.h).
#ifndef QUANTD_PROTO_RPC_GRPC_STATUS_H_
#define QUANTD_PROTO_RPC_GRPC_STATUS_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace quantd {

// ErrorInfo.domain of every error of quantd.
inline constexpr char kErrorDomain[] = "quantd";

// `status` for the wire: code and message, and where it has a reason a
// google.rpc.Status with one ErrorInfo{reason, kErrorDomain, metadata} in the
// trailer grpc-status-details-bin. Details are kept below 4 KiB: metadata
// values that do not fit are cut (marked by "..."), then left out; the message
// is cut at 2 KiB. RESOURCE_EXHAUSTED with reason QUEUE_FULL and UNAVAILABLE
// get a RetryInfo of one second beside it.
// Text that is not UTF-8 is escaped. OK gives OK.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The inverse: a reason and metadata are restored when the details hold an
// ErrorInfo (of any domain); unreadable details are ignored. A code that is not
// canonical becomes UNKNOWN.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace quantd

#endif  // QUANTD_PROTO_RPC_GRPC_STATUS_H_
