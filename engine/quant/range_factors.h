// Scale and offset of a range of values, as AMCT's HFMG and min-max
// calibration compute them.
// Not here: choosing the range.
#ifndef QUANTD_ENGINE_QUANT_RANGE_FACTORS_H_
#define QUANTD_ENGINE_QUANT_RANGE_FACTORS_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace quantd {

struct RangeFactors {
  float scale = 1.0f;  // In [2^-23, 2^23].
  int32_t offset = 0;
};

// With offset, zero taken into the range: scale = (max - min) / (2^n - 1),
// offset = -round(min / scale) - 2^(n-1), half away from zero.
// Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE for num_bits outside 2..16;
// FAILED_PRECONDITION: ACTIVATION_NOT_FINITE for NaN or infinity,
// SCALE_OUT_OF_RANGE.
absl::StatusOr<RangeFactors> AsymmetricFactors(float max, float min,
                                               int num_bits);

// Without offset: scale = extreme / (2^(n-1) - 1), or -extreme / 2^(n-1) if it
// is not positive. Errors: as AsymmetricFactors().
absl::StatusOr<RangeFactors> SymmetricFactors(float extreme, int num_bits);

// Min-max calibration: AsymmetricFactors(), or SymmetricFactors() of the larger
// magnitude, which counts as positive. Errors: as there.
absl::StatusOr<RangeFactors> MinMaxFactors(float max, float min, int num_bits,
                                           bool with_offset);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_RANGE_FACTORS_H_
