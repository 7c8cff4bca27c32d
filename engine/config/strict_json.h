// JSON that is what it looks like: repeated keys are refused, not overwritten.
#ifndef QUANTD_ENGINE_CONFIG_STRICT_JSON_H_
#define QUANTD_ENGINE_CONFIG_STRICT_JSON_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace quantd {

// Parses `text`: UTF-8, at most 16 MiB, nested at most 32 deep. Objects keep
// the order of the file. `file_name` is for messages only.
// Errors: INVALID_ARGUMENT, CONFIG_PARSE with file, line and column for what is
// no JSON, and with all repeated keys ("conv1.quant_enable") if there are any.
absl::StatusOr<nlohmann::ordered_json> ParseStrictJson(
    absl::string_view text, absl::string_view file_name);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_STRICT_JSON_H_
