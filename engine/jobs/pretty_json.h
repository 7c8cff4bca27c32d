// Results as JSON for people and programs.
#ifndef QUANTD_ENGINE_JOBS_PRETTY_JSON_H_
#define QUANTD_ENGINE_JOBS_PRETTY_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace quantd {

// protobuf's JSON, indented, zero values included.
// Errors: INTERNAL if protobuf cannot.
absl::StatusOr<std::string> PrettyJson(const google::protobuf::Message& result);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_PRETTY_JSON_H_
