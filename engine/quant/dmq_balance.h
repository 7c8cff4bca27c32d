// DMQ balance: factors that move the spread of a layer's activations into its
// weights before both are quantized: x / factor and w * factor give the same
// product.
// Source of the formulas: AMCT's DMQBalance.
#ifndef QUANTD_ENGINE_QUANT_DMQ_BALANCE_H_
#define QUANTD_ENGINE_QUANT_DMQ_BALANCE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace quantd {

// One factor per channel c: a[c]^m / w[c]^(1 - m), with a and w the largest
// magnitudes of the channel and m the migration strength, 0.2..0.8. Both arrays
// are [num_channels, elements].
//
// A magnitude below 2^-23 counts as zero. If all activations or all weights are
// zero, every factor is 1. Otherwise, with A = max(a / factor) and W = max(w *
// factor) over the channels without zeros (if A or W is zero or there are none:
// every factor is 1): a channel with zero activations gets W / w[c], one with
// zero weights a[c] / A, one with both 1.
//
// Errors: INVALID_ARGUMENT: OPTION_OUT_OF_RANGE naming the parameter, for empty
// arrays and for num_channels that does not divide them; WEIGHT_NOT_FINITE.
// FAILED_PRECONDITION / ACTIVATION_NOT_FINITE.
absl::StatusOr<std::vector<float>> DmqBalanceFactors(
    absl::Span<const float> activations, absl::Span<const float> weights,
    int64_t num_channels, float migration_strength);

// Errors: FAILED_PRECONDITION, SCALE_OUT_OF_RANGE for a factor outside [2^-23,
// 2^23], which cannot be used.
absl::Status CheckBalanceFactors(absl::Span<const float> factors);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_DMQ_BALANCE_H_
