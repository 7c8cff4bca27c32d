// Reading typed, range-checked values out of a JSON object, with AMCT's words
// for what is wrong.
#ifndef QUANTD_ENGINE_CONFIG_JSON_FIELDS_H_
#define QUANTD_ENGINE_CONFIG_JSON_FIELDS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "nlohmann/json.hpp"

namespace quantd {

// Where a value stands; part of every message and its metadata.
struct JsonPlace {
  std::string file;
  std::string layer;  // Empty for values of the whole net.
};

// All return INVALID_ARGUMENT, CONFIG_PARSE if `value` is not of the type,
// which is strict: true is no int, 1.0 is no int; but 1 is a float.
absl::Status ReadBool(const nlohmann::ordered_json& value,
                      absl::string_view field, const JsonPlace& place,
                      bool* out);
absl::Status ReadInt(const nlohmann::ordered_json& value,
                     absl::string_view field, const JsonPlace& place,
                     int64_t* out);
absl::Status ReadDouble(const nlohmann::ordered_json& value,
                        absl::string_view field, const JsonPlace& place,
                        double* out);
absl::Status ReadString(const nlohmann::ordered_json& value,
                        absl::string_view field, const JsonPlace& place,
                        std::string* out);
// OK if `value` is an object.
absl::Status CheckObject(const nlohmann::ordered_json& value,
                         absl::string_view field, const JsonPlace& place);

// INVALID_ARGUMENT, CONFIG_PARSE: "Unknown parameter <key> in <group>".
absl::Status UnknownKeyError(absl::string_view key, absl::string_view group,
                             const JsonPlace& place);
// INVALID_ARGUMENT, OPTION_OUT_OF_RANGE with AMCT's `rule`, what was found and
// what is allowed.
absl::Status RangeError(absl::string_view field,
                        const nlohmann::ordered_json& value,
                        absl::string_view rule, absl::string_view allowed,
                        const JsonPlace& place);
// INVALID_ARGUMENT, CONFIG_PARSE: "Type of <field> should be <expected>, but is
// <found>".
absl::Status TypeError(absl::string_view field,
                       const nlohmann::ordered_json& value,
                       absl::string_view expected, const JsonPlace& place);
// `reason` at `place`, with `metadata` and the place's own.
absl::Status PlaceError(absl::StatusCode code, absl::string_view reason,
                        absl::string_view message, const JsonPlace& place,
                        ErrorMetadata metadata);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_JSON_FIELDS_H_
