// Inputs and expectations of one golden case of AMCT's library: JSON values,
// arrays in .npy files, arrays made by the generator "smx4".
// Not here: running a case (amct_cases.h).
#ifndef QUANTD_TESTS_GOLDEN_AMCT_CASES_INPUT_H_
#define QUANTD_TESTS_GOLDEN_AMCT_CASES_INPUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace quantd {

// One case of a cases.json.
struct AmctCase {
  std::string algorithm;
  std::string id;
  std::string dir;  // Of the case's arrays.
  nlohmann::json inputs;
  nlohmann::json params;
  nlohmann::json expected;
};

// A number, or an object with the bit pattern "bits" (float32).
float JsonFloat(const nlohmann::json& value);
// A number, or an object with the bit pattern "bits64".
double JsonDouble(const nlohmann::json& value);

// The values of an array: a list of numbers or bit patterns, an object that
// names a file in `dir`, or one that parameterises the generator (float only;
// its checksum is verified). Null gives no values. Errors: those of ReadNpy;
// DATA_LOSS if the generated values are not the expected ones.
absl::StatusOr<std::vector<float>> JsonFloats(const std::string& dir,
                                              const nlohmann::json& value);
absl::StatusOr<std::vector<int32_t>> JsonInts(const std::string& dir,
                                              const nlohmann::json& value);

// zlib's CRC-32 of the bytes of `values`.
template <typename T>
uint32_t Crc32OfBytes(const std::vector<T>& values);

}  // namespace quantd

#endif  // QUANTD_TESTS_GOLDEN_AMCT_CASES_INPUT_H_
