// Errors that name a stable reason and the place: what google.rpc.ErrorInfo
// carries on the wire, as a payload of absl::Status inside a process.
#ifndef QUANTD_BASE_ERROR_H_
#define QUANTD_BASE_ERROR_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quantd {

// Every dynamic part of a message, by name: file, line, column, layer, field,
// expected, found, ...
using ErrorMetadata = std::map<std::string, std::string>;

// A status with `code`, `message` and a reason.
// reason: UPPER_SNAKE, from the catalogue in docs/errors.md; never renamed.
// The message says what is wrong, where, and what to do.
//
// Example:
//   return Error(absl::StatusCode::kInvalidArgument, "LAYER_NOT_FOUND",
//                "config.json names layer \"conv9\", which the model does not "
//                "have; remove it or correct the name",
//                {{"layer", "conv9"}});
absl::Status Error(absl::StatusCode code, absl::string_view reason,
                   absl::string_view message, ErrorMetadata metadata = {});

// The reason of `status`; empty if it has none.
std::string ErrorReason(const absl::Status& status);

// The metadata of `status`; empty if it has none.
ErrorMetadata GetErrorMetadata(const absl::Status& status);

// `status` with `prefix` before its message and `more` added to its metadata
// (existing keys win). Code and reason stay. OK stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view prefix,
                      const ErrorMetadata& more = {});

}  // namespace quantd

#endif  // QUANTD_BASE_ERROR_H_
