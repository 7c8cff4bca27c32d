#include "engine/model/names.h"

#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

// Length of the UTF-8 sequence at the start of `text`, which is not empty; 0 if
// it is none. Overlong forms, surrogates and what is beyond U+10FFFF are none.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [text](size_t i) {
    return static_cast<uint8_t>(i < text.size() ? text[i] : 0);
  };
  const auto continues = [byte](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;
    const bool second = byte(1) >= low && byte(1) <= high;
    return second && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

absl::Status CheckName(absl::string_view name, const char* field,
                       const std::string& file_name) {
  if (IsLegalName(name)) return absl::OkStatus();
  const std::string shown = absl::Utf8SafeCHexEscape(name.substr(0, 80));
  return Error(absl::StatusCode::kInvalidArgument, "MODEL_INVALID",
               absl::StrCat(file_name, ": ", field, " \"", shown,
                            "\" is not UTF-8 text without control characters "
                            "of at most ",
                            kMaxNameBytes, " bytes; rename it"),
               {{"file", file_name}, {"field", field}, {"name", shown}});
}

template <typename Names>
absl::Status CheckAll(const Names& names, const char* field,
                      const std::string& file_name) {
  for (const std::string& name : names) {
    RETURN_IF_ERROR(CheckName(name, field, file_name));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsLegalName(absl::string_view name) {
  if (name.size() > kMaxNameBytes) return false;
  while (!name.empty()) {
    if (absl::ascii_iscntrl(name[0])) return false;
    const size_t length = Utf8Length(name);
    if (length == 0) return false;
    name.remove_prefix(length);
  }
  return true;
}

absl::Status CheckNames(const caffe::NetParameter& net,
                        const std::string& file_name) {
  RETURN_IF_ERROR(CheckName(net.name(), "name", file_name));
  RETURN_IF_ERROR(CheckAll(net.input(), "input", file_name));
  for (const caffe::LayerParameter& layer : net.layer()) {
    RETURN_IF_ERROR(CheckName(layer.name(), "layer name", file_name));
    RETURN_IF_ERROR(CheckName(layer.type(), "layer type", file_name));
    RETURN_IF_ERROR(CheckAll(layer.bottom(), "bottom", file_name));
    RETURN_IF_ERROR(CheckAll(layer.top(), "top", file_name));
  }
  for (const caffe::V1LayerParameter& layer : net.layers()) {
    RETURN_IF_ERROR(CheckName(layer.name(), "layer name", file_name));
    RETURN_IF_ERROR(CheckAll(layer.bottom(), "bottom", file_name));
    RETURN_IF_ERROR(CheckAll(layer.top(), "top", file_name));
    RETURN_IF_ERROR(CheckName(layer.layer().name(), "layer name", file_name));
    RETURN_IF_ERROR(CheckName(layer.layer().type(), "layer type", file_name));
  }
  return absl::OkStatus();
}

}  // namespace quantd
