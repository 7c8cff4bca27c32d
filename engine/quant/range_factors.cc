#include "engine/quant/range_factors.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/quant/checks.h"
#include "engine/quant/process_scale.h"

namespace quantd {
namespace {

absl::Status Check(absl::Span<const float> ends, int num_bits) {
  if (num_bits < 2 || num_bits > 16) {
    return BadOption("num_bits", num_bits, "2..16");
  }
  return CheckActivations(ends);
}

}  // namespace

absl::StatusOr<RangeFactors> AsymmetricFactors(float max, float min,
                                               int num_bits) {
  RETURN_IF_ERROR(Check({max, min}, num_bits));
  const float high = std::max(max, 0.0f);
  const float low = std::min(min, 0.0f);
  float scale = (high - low) / static_cast<float>((1 << num_bits) - 1);
  if (static_cast<double>(scale) < DBL_EPSILON) scale = 1.0f;
  RangeFactors factors;
  ASSIGN_OR_RETURN(factors.scale, ProcessScale(scale));
  // Of the scale as it was: a tiny one keeps its offset and becomes 1.
  factors.offset =
      -(1 << (num_bits - 1)) - static_cast<int32_t>(std::round(low / scale));
  return factors;
}

absl::StatusOr<RangeFactors> SymmetricFactors(float extreme, int num_bits) {
  RETURN_IF_ERROR(Check({extreme}, num_bits));
  const double half = 1 << (num_bits - 1);
  const double limit = extreme > 0 ? half - 1 : half;
  RangeFactors factors;
  ASSIGN_OR_RETURN(
      factors.scale,
      ProcessScale(static_cast<float>(std::abs(static_cast<double>(extreme)) /
                                      (limit + DBL_EPSILON))));
  return factors;
}

absl::StatusOr<RangeFactors> MinMaxFactors(float max, float min, int num_bits,
                                           bool with_offset) {
  if (with_offset) return AsymmetricFactors(max, min, num_bits);
  RETURN_IF_ERROR(Check({max, min}, num_bits));
  return SymmetricFactors(std::max(std::abs(max), std::abs(min)), num_bits);
}

}  // namespace quantd
