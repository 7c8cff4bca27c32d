// Reading typed, range-checked values out of a JSON object, with AMCT's words
// for what is wrong.
#ifndef QUANTD_ENGINE_CONFIG_JSON_FIELDS_H_
#define QUANTD_ENGINE_CONFIG_JSON_FIELDS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "engine/config/config_place.h"
#include "nlohmann/json.hpp"

namespace quantd {

// All return INVALID_ARGUMENT, CONFIG_PARSE if `value` is not of the type,
// which is strict: true is no int, 1.0 is no int; but 1 is a float.
absl::Status ReadBool(const nlohmann::ordered_json& value,
                      absl::string_view field, const ConfigPlace& place,
                      bool* out);
absl::Status ReadInt(const nlohmann::ordered_json& value,
                     absl::string_view field, const ConfigPlace& place,
                     int64_t* out);
absl::Status ReadDouble(const nlohmann::ordered_json& value,
                        absl::string_view field, const ConfigPlace& place,
                        double* out);
absl::Status ReadString(const nlohmann::ordered_json& value,
                        absl::string_view field, const ConfigPlace& place,
                        std::string* out);
// OK if `value` is an object.
absl::Status CheckObject(const nlohmann::ordered_json& value,
                         absl::string_view field, const ConfigPlace& place);

// INVALID_ARGUMENT, CONFIG_PARSE: "Unknown parameter <key> in <group>".
absl::Status UnknownKeyError(absl::string_view key, absl::string_view group,
                             const ConfigPlace& place);
// INVALID_ARGUMENT, CONFIG_PARSE: "Type of <field> should be <expected>, but is
// <found>".
absl::Status TypeError(absl::string_view field,
                       const nlohmann::ordered_json& value,
                       absl::string_view expected, const ConfigPlace& place);
// `value` for a message: JSON, at most 80 bytes.
std::string ShownJson(const nlohmann::ordered_json& value);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_JSON_FIELDS_H_
