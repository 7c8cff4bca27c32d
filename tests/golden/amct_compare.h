// Compares what our functions give with what a golden case of AMCT's library
// expects. Everything is compared bit for bit.
#ifndef QUANTD_TESTS_GOLDEN_AMCT_COMPARE_H_
#define QUANTD_TESTS_GOLDEN_AMCT_COMPARE_H_

#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tests/golden/amct_cases_input.h"

namespace quantd {

// INTERNAL, GOLDEN_MISMATCH.
absl::Status Mismatch(absl::string_view what);

template <typename T>
bool SameBits(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

// OK if `actual` equals `expected` bit for bit.
template <typename T>
absl::Status Compare(absl::string_view what, const std::vector<T>& expected,
                     const std::vector<T>& actual) {
  if (expected.size() != actual.size()) {
    return Mismatch(absl::StrCat(what, ": ", expected.size(),
                                 " values expected, found ", actual.size()));
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    if (!SameBits(expected[i], actual[i])) {
      return Mismatch(absl::StrCat(what, "[", i, "]: expected ", expected[i],
                                   ", found ", actual[i]));
    }
  }
  return absl::OkStatus();
}

// The code AMCT's library returns for what our function refused with `status`;
// 0 for OK. -65519 (not supported) for illegal scales and data that is empty
// or not finite, -65530 (bad parameters) for options and NaN weights, -65536
// for any other error.
int AmctCode(const absl::Status& status);

// OK if the code for `status` is the expected one.
absl::Status CompareCode(int expected, int code, const absl::Status& status);
absl::Status CompareCode(int expected, const absl::Status& status);

// Compares `values` with the array `key` that the case expects, or with the
// checksum of one. OK if the case has neither.
absl::Status CompareStored(const AmctCase& golden, const char* key,
                           const std::vector<float>& values);
absl::Status CompareStored(const AmctCase& golden, const char* key,
                           const std::vector<int32_t>& values);

// Compares one value of the case.
absl::Status CompareFloat(const nlohmann::json& expected, const char* key,
                          float value);

}  // namespace quantd

#endif  // QUANTD_TESTS_GOLDEN_AMCT_COMPARE_H_
