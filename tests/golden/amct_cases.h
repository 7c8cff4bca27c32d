// Runs golden cases of AMCT's quantization library against ours.
#ifndef QUANTD_TESTS_GOLDEN_AMCT_CASES_H_
#define QUANTD_TESTS_GOLDEN_AMCT_CASES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/quant/ifmr.h"
#include "nlohmann/json.hpp"
#include "tests/golden/amct_cases_input.h"

namespace quantd {

struct AmctCaseResult {
  enum class Outcome { kPassed, kFailed, kSkipped };

  std::string name;  // algorithm/id
  Outcome outcome;
  std::string detail;  // Why it failed or was skipped.
};

// All cases under `dir`: those of dir/cases.json, else of each folder in `dir`
// that has one, in the order of their names.
// only: the algorithms wanted; empty for all.
// Errors: NOT_FOUND if there is none, INVALID_ARGUMENT for a damaged
// cases.json.
absl::StatusOr<std::vector<AmctCase>> ReadAmctCases(
    const std::string& dir, const std::vector<std::string>& only);

// Runs one case. Skipped if its algorithm is not built.
AmctCaseResult RunAmctCase(const AmctCase& golden_case);

// IFMR's parameters from a case's `params`; defaults for what is missing.
IfmrParams AmctIfmrParams(const nlohmann::json& params);

}  // namespace quantd

#endif  // QUANTD_TESTS_GOLDEN_AMCT_CASES_H_
