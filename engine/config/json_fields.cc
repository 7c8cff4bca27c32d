#include "engine/config/json_fields.h"

#include <limits>

#include "absl/strings/str_cat.h"

namespace quantd {
namespace {

using Json = nlohmann::ordered_json;

// Python's name of the type, as AMCT's messages have it.
absl::string_view TypeName(const Json& value) {
  if (value.is_null()) return "NoneType";
  if (value.is_boolean()) return "bool";
  if (value.is_number_integer()) return "int";
  if (value.is_number_float()) return "float";
  if (value.is_string()) return "str";
  return value.is_array() ? "list" : "dict";
}

std::string Shown(const Json& value) {
  return value
      .dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace)
      .substr(0, 80);
}

}  // namespace

absl::Status PlaceError(absl::StatusCode code, absl::string_view reason,
                        absl::string_view message, const JsonPlace& place,
                        ErrorMetadata metadata) {
  metadata.emplace("file", place.file);
  if (!place.layer.empty()) metadata.emplace("layer", place.layer);
  return Error(
      code, reason,
      absl::StrCat(place.file, ": ", message,
                   place.layer.empty() ? "" : " in layer ", place.layer),
      std::move(metadata));
}

absl::Status TypeError(absl::string_view field, const Json& value,
                       absl::string_view expected, const JsonPlace& place) {
  const std::string found(TypeName(value));
  return PlaceError(absl::StatusCode::kInvalidArgument, "CONFIG_PARSE",
                    absl::StrCat("Type of ", field, " should be ", expected,
                                 ", but is ", found),
                    place,
                    {{"field", std::string(field)},
                     {"expected", std::string(expected)},
                     {"found", found}});
}

absl::Status UnknownKeyError(absl::string_view key, absl::string_view group,
                             const JsonPlace& place) {
  return PlaceError(absl::StatusCode::kInvalidArgument, "CONFIG_PARSE",
                    absl::StrCat("Unknown parameter ", key, " in ", group),
                    place, {{"field", std::string(key)}});
}

absl::Status RangeError(absl::string_view field, const Json& value,
                        absl::string_view rule, absl::string_view allowed,
                        const JsonPlace& place) {
  return PlaceError(
      absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
      absl::StrCat(rule, ", but is ", Shown(value), "; allowed: ", allowed),
      place,
      {{"field", std::string(field)},
       {"option", std::string(field)},
       {"value", Shown(value)},
       {"allowed", std::string(allowed)}});
}

absl::Status ReadBool(const Json& value, absl::string_view field,
                      const JsonPlace& place, bool* out) {
  if (!value.is_boolean()) return TypeError(field, value, "bool", place);
  *out = value.get<bool>();
  return absl::OkStatus();
}

absl::Status ReadInt(const Json& value, absl::string_view field,
                     const JsonPlace& place, int64_t* out) {
  if (!value.is_number_integer()) return TypeError(field, value, "int", place);
  // Beyond int64 is beyond every range.
  const bool huge =
      value.is_number_unsigned() &&
      value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()};
  *out = huge ? std::numeric_limits<int64_t>::max() : value.get<int64_t>();
  return absl::OkStatus();
}

absl::Status ReadDouble(const Json& value, absl::string_view field,
                        const JsonPlace& place, double* out) {
  if (!value.is_number()) return TypeError(field, value, "float", place);
  *out = value.get<double>();
  return absl::OkStatus();
}

absl::Status ReadString(const Json& value, absl::string_view field,
                        const JsonPlace& place, std::string* out) {
  if (!value.is_string()) return TypeError(field, value, "str", place);
  *out = value.get<std::string>();
  return absl::OkStatus();
}

absl::Status CheckObject(const Json& value, absl::string_view field,
                         const JsonPlace& place) {
  if (!value.is_object()) return TypeError(field, value, "dict", place);
  return absl::OkStatus();
}

}  // namespace quantd
