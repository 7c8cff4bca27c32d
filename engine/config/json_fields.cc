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

}  // namespace

std::string ShownJson(const Json& value) {
  return value
      .dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace)
      .substr(0, 80);
}

absl::Status TypeError(absl::string_view field, const Json& value,
                       absl::string_view expected, const ConfigPlace& place) {
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
                             const ConfigPlace& place) {
  return PlaceError(absl::StatusCode::kInvalidArgument, "CONFIG_PARSE",
                    absl::StrCat("Unknown parameter ", key, " in ", group),
                    place, {{"field", std::string(key)}});
}

absl::Status ReadBool(const Json& value, absl::string_view field,
                      const ConfigPlace& place, bool* out) {
  if (!value.is_boolean()) return TypeError(field, value, "bool", place);
  *out = value.get<bool>();
  return absl::OkStatus();
}

absl::Status ReadInt(const Json& value, absl::string_view field,
                     const ConfigPlace& place, int64_t* out) {
  if (!value.is_number_integer()) return TypeError(field, value, "int", place);
  // Beyond int64 is beyond every range.
  const bool huge =
      value.is_number_unsigned() &&
      value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()};
  *out = huge ? std::numeric_limits<int64_t>::max() : value.get<int64_t>();
  return absl::OkStatus();
}

absl::Status ReadDouble(const Json& value, absl::string_view field,
                        const ConfigPlace& place, double* out) {
  if (!value.is_number()) return TypeError(field, value, "float", place);
  *out = value.get<double>();
  return absl::OkStatus();
}

absl::Status ReadString(const Json& value, absl::string_view field,
                        const ConfigPlace& place, std::string* out) {
  if (!value.is_string()) return TypeError(field, value, "str", place);
  *out = value.get<std::string>();
  return absl::OkStatus();
}

absl::Status CheckObject(const Json& value, absl::string_view field,
                         const ConfigPlace& place) {
  if (!value.is_object()) return TypeError(field, value, "dict", place);
  return absl::OkStatus();
}

}  // namespace quantd
