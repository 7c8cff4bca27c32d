#include "engine/config/python_json.h"

#include "absl/strings/str_cat.h"
#include "engine/config/float_text.h"

namespace quantd {
namespace {

using Json = nlohmann::ordered_json;

std::string Scalar(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/true,
                    Json::error_handler_t::replace);
}

// Appends `value`, whose own line is indented by `indent` spaces.
void Append(const Json& value, int indent, std::string* out) {
  if (value.is_number_float()) {
    absl::StrAppend(out, PythonFloatText(value.get<float>()));
    return;
  }
  if (!value.is_structured() || value.empty()) {
    absl::StrAppend(out, Scalar(value));
    return;
  }
  const bool is_object = value.is_object();
  const std::string line = absl::StrCat("\n", std::string(indent + 4, ' '));
  const char* separator = "";
  absl::StrAppend(out, is_object ? "{" : "[");
  for (auto it = value.begin(); it != value.end(); ++it) {
    absl::StrAppend(out, separator, line);
    if (is_object) absl::StrAppend(out, Scalar(it.key()), ":");
    Append(it.value(), indent + 4, out);
    separator = ",";
  }
  absl::StrAppend(out, "\n", std::string(indent, ' '), is_object ? "}" : "]");
}

}  // namespace

std::string PythonJson(const Json& value) {
  std::string text;
  Append(value, 0, &text);
  return text;
}

}  // namespace quantd
