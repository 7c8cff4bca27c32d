#include "tests/golden/amct_compare.h"

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {

using nlohmann::json;

absl::Status Mismatch(absl::string_view what) {
  return Error(absl::StatusCode::kInternal, "GOLDEN_MISMATCH", what);
}

int AmctCode(const absl::Status& status) {
  if (status.ok()) return 0;
  const std::string reason = ErrorReason(status);
  if (reason == "SCALE_OUT_OF_RANGE" || reason == "ACTIVATION_NOT_FINITE" ||
      reason == "ACTIVATION_EMPTY") {
    return -65519;
  }
  if (reason == "OPTION_OUT_OF_RANGE" || reason == "WEIGHT_NOT_FINITE") {
    return -65530;
  }
  return -65536;
}

absl::Status CompareCode(int expected, int code, const absl::Status& status) {
  if (code == expected) return absl::OkStatus();
  return Mismatch(absl::StrCat("code: expected ", expected, ", found ", code,
                               " ", status.ToString()));
}

absl::Status CompareCode(int expected, const absl::Status& status) {
  return CompareCode(expected, AmctCode(status), status);
}

absl::Status CompareStored(const AmctCase& golden, const char* key,
                           const std::vector<float>& values) {
  const json& expected = golden.expected;
  if (expected.contains(key)) {
    ASSIGN_OR_RETURN(std::vector<float> stored,
                     JsonFloats(golden.dir, expected.at(key)));
    return Compare(key, stored, values);
  }
  const std::string crc_key = absl::StrCat(key, "_f32_crc32");
  if (!expected.contains(crc_key)) return absl::OkStatus();
  const uint32_t crc = static_cast<uint32_t>(
      std::stoul(expected.at(crc_key).get<std::string>(), nullptr, 16));
  if (crc == Crc32OfBytes(values)) return absl::OkStatus();
  return Mismatch(absl::StrCat(key, ": another checksum"));
}

absl::Status CompareStored(const AmctCase& golden, const char* key,
                           const std::vector<int32_t>& values) {
  if (!golden.expected.contains(key)) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<int32_t> stored,
                   JsonInts(golden.dir, golden.expected.at(key)));
  return Compare(key, stored, values);
}

absl::Status CompareFloat(const json& expected, const char* key, float value) {
  const float wanted = JsonFloat(expected.at(key));
  if (SameBits(wanted, value)) return absl::OkStatus();
  return Mismatch(absl::StrCat(key, ": expected ", wanted, ", found ", value));
}

}  // namespace quantd
