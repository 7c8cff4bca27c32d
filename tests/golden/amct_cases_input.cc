#include "tests/golden/amct_cases_input.h"

#include <zlib.h>

#include <cmath>
#include <cstring>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "tests/golden/npy.h"

namespace quantd {
namespace {

uint64_t HexBits(const nlohmann::json& value) {
  return std::stoull(value.get<std::string>(), nullptr, 16);
}

template <typename To, typename From>
To BitCast(From bits) {
  static_assert(sizeof(To) == sizeof(From));
  To value;
  std::memcpy(&value, &bits, sizeof(To));
  return value;
}

// The i-th output of SplitMix64.
uint64_t Hash(uint64_t seed, uint64_t i) {
  uint64_t z = seed + (i + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

absl::StatusOr<std::vector<float>> Generate(const nlohmann::json& spec) {
  const uint64_t seed = std::stoull(spec.at("seed").get<std::string>());
  const double c = spec.at("c").get<double>();
  const double mu = spec.at("mu").get<double>();
  const uint64_t outlier_mod = spec.at("outlier_mod").get<uint64_t>();
  const double outlier_mul = spec.at("outlier_mul").get<double>();
  const std::string post = spec.at("post").get<std::string>();
  std::vector<float> values(spec.at("n").get<size_t>());
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t h = Hash(seed, i);
    const int64_t t = static_cast<int64_t>((h & 0xFFFF) + ((h >> 16) & 0xFFFF) +
                                           ((h >> 32) & 0xFFFF) + (h >> 48)) -
                      131070;
    double x = static_cast<double>(t) * c + mu;
    if (outlier_mod > 0 &&
        Hash(seed ^ 0xA5A5A5A5A5A5A5A5, i) % outlier_mod == 0) {
      x *= outlier_mul;
    }
    if (post == "relu") x = x > 0 ? x : 0;
    if (post == "abs") x = std::abs(x);
    if (post == "negabs") x = -std::abs(x);
    values[i] = static_cast<float>(x) + 0.0f;  // -0 becomes +0.
  }
  const uint32_t crc = Crc32OfBytes(values);
  if (crc != HexBits(spec.at("crc32_of_float32_bytes"))) {
    return Error(
        absl::StatusCode::kDataLoss, "NPY_PARSE",
        absl::StrCat("generated values have checksum ", absl::Hex(crc),
                     ", not ", spec.at("crc32_of_float32_bytes").dump()));
  }
  return values;
}

}  // namespace

float JsonFloat(const nlohmann::json& value) {
  if (!value.is_object()) return value.get<float>();
  return BitCast<float>(static_cast<uint32_t>(HexBits(value.at("bits"))));
}

double JsonDouble(const nlohmann::json& value) {
  if (!value.is_object()) return value.get<double>();
  return BitCast<double>(HexBits(value.at("bits64")));
}

absl::StatusOr<std::vector<float>> JsonFloats(const std::string& dir,
                                              const nlohmann::json& value) {
  if (value.is_null()) return std::vector<float>();
  if (value.is_array()) {
    std::vector<float> values;
    for (const nlohmann::json& item : value) values.push_back(JsonFloat(item));
    return values;
  }
  if (value.contains("generator")) return Generate(value);
  ASSIGN_OR_RETURN(
      NpyArray array,
      ReadNpy(absl::StrCat(dir, "/", value.at("file").get<std::string>())));
  return array.Values<float>();
}

absl::StatusOr<std::vector<int32_t>> JsonInts(const std::string& dir,
                                              const nlohmann::json& value) {
  if (value.is_array()) return value.get<std::vector<int32_t>>();
  ASSIGN_OR_RETURN(
      NpyArray array,
      ReadNpy(absl::StrCat(dir, "/", value.at("file").get<std::string>())));
  return array.Values<int32_t>();
}

template <typename T>
uint32_t Crc32OfBytes(const std::vector<T>& values) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(values.data()),
              values.size() * sizeof(T)));
}

template uint32_t Crc32OfBytes(const std::vector<float>& values);
template uint32_t Crc32OfBytes(const std::vector<int8_t>& values);

}  // namespace quantd
