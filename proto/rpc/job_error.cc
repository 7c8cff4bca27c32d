#include "proto/rpc/job_error.h"

#include <string>

#include "base/error.h"

namespace quantd {

v1::JobError ToJobError(const absl::Status& status) {
  v1::JobError error;
  error.set_code(static_cast<int>(status.code()));
  error.set_reason(ErrorReason(status));
  error.set_message(std::string(status.message()));
  for (const auto& [key, value] : GetErrorMetadata(status)) {
    (*error.mutable_metadata())[key] = value;
  }
  return error;
}

absl::Status FromJobError(const v1::JobError& error) {
  auto code = static_cast<absl::StatusCode>(error.code());
  if (error.code() < 1 || error.code() > 16) code = absl::StatusCode::kUnknown;
  return Error(code, error.reason(), error.message(),
               ErrorMetadata(error.metadata().begin(), error.metadata().end()));
}

}  // namespace quantd
