// Golden cases of DMQ balance: dmq_balance.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/quant/dmq_balance.h"
#include "tests/golden/amct_compare.h"
#include "tests/golden/amct_families.h"

namespace quantd {
namespace {

// The cases' factors are of another libm's pow.
constexpr int kMaxUlps = 2;

bool IsClose(float a, float b) {
  int32_t bits_a, bits_b;
  std::memcpy(&bits_a, &a, sizeof(a));
  std::memcpy(&bits_b, &b, sizeof(b));
  return std::abs(int64_t{bits_a} - bits_b) <= kMaxUlps;
}

bool HasNan(const std::vector<float>& values) {
  for (const float value : values) {
    if (std::isnan(value)) return true;
  }
  return false;
}

}  // namespace

absl::Status RunDmqBalance(const AmctCase& golden) {
  ASSIGN_OR_RETURN(const std::vector<float> activations,
                   JsonFloats(golden.dir, golden.inputs.at("act")));
  ASSIGN_OR_RETURN(const std::vector<float> weights,
                   JsonFloats(golden.dir, golden.inputs.at("wts")));
  const absl::StatusOr<std::vector<float>> factors = DmqBalanceFactors(
      activations, weights, golden.params.at("channel_num").get<int64_t>(),
      golden.params.at("migration_strength").get<float>());
  const int expected_code = golden.expected.at("code").get<int>();
  if (ErrorReason(factors.status()) == "ACTIVATION_NOT_FINITE") {
    // AMCT overlooks NaN, and calls infinity a bad parameter; we refuse both.
    return HasNan(activations)
               ? absl::OkStatus()
               : CompareCode(expected_code, -65530, factors.status());
  }
  RETURN_IF_ERROR(CompareCode(expected_code, factors.status()));
  if (!factors.ok()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<float> stored,
                   JsonFloats(golden.dir, golden.expected.at("factor")));
  if (stored.size() != factors->size()) return Mismatch("number of factors");
  for (size_t c = 0; c < stored.size(); ++c) {
    if (!IsClose(stored[c], (*factors)[c])) {
      return Mismatch(absl::StrCat("factor[", c, "]: expected ", stored[c],
                                   ", found ", (*factors)[c]));
    }
  }
  // AMCT has a code of its own for factors that cannot be used.
  const absl::Status usable = CheckBalanceFactors(*factors);
  return CompareCode(golden.expected.at("check_balance_factor_code").get<int>(),
                     usable.ok() ? 0 : 17, usable);
}

}  // namespace quantd
