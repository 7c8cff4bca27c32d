#include "client/cli/exit_code.h"

#include "base/error.h"

namespace quantd {

int ExitCodeOf(const absl::Status& status) {
  const std::string reason = ErrorReason(status);
  if (reason == "USAGE") return kExitUsage;
  if (reason == "INTERRUPTED") return kExitInterrupted;
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return kExitNotAllowed;
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kDeadlineExceeded:
      return kExitDeadline;
    case absl::StatusCode::kUnavailable:
      return kExitUnavailable;
    case absl::StatusCode::kResourceExhausted:
      return kExitQuota;
    default:
      return kExitFailure;
  }
}

int ExitCodeOf(v1::JobState state) {
  return state == v1::JOB_STATE_FAILED || state == v1::JOB_STATE_CANCELLED
             ? kExitJobFailed
             : kExitOk;
}

int ExitCodeOf(const v1::JobResult& result) {
  return result.has_verify() && !result.verify().passed() ? kExitFailure
                                                          : kExitOk;
}

absl::Status Interrupted(absl::string_view message) {
  return Error(absl::StatusCode::kCancelled, "INTERRUPTED", message);
}

}  // namespace quantd
