// ARQ: scales of weights from their largest magnitude, and weights quantized
// with them.
// Not here: which axis of a layer's weights is the output channel (the caller
// brings it to the front), 4-bit non-uniform weights.
#ifndef QUANTD_ENGINE_QUANT_ARQ_H_
#define QUANTD_ENGINE_QUANT_ARQ_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace quantd {

struct ArqParams {
  int num_bits = 8;  // 2..16.
  // Factors wanted. The weights are that many contiguous blocks of equal size,
  // each quantized on its own: the output channels of a convolution if
  // channel_wise, otherwise `group`.
  int64_t num_scales = 1;
  bool channel_wise = false;
  int64_t group = 1;         // 1 if channel_wise.
  bool with_offset = false;  // SS928 wants weights without offset.
};

// One scale (the step) and one offset per block.
struct WeightFactors {
  std::vector<float> scale;     // In [2^-23, 2^23].
  std::vector<int32_t> offset;  // All 0 without offset.
};

// The factors of `weights`, T float or double. Per block, without offset:
//   m = |max| > |min| ? max : min,  scale = m / (m > 0 ? 2^(n-1) - 1 :
//   -2^(n-1))
// and 1 for a block of zeros; with offset: scale = (max - min) / (2^n - 1) with
// zero taken into the range, offset = -round(min / scale) - 2^(n-1). Extremes
// are cast to float32 before the division. Source: AMCT's ARQ.
//
// Errors: INVALID_ARGUMENT: WEIGHT_NOT_FINITE for a NaN, OPTION_OUT_OF_RANGE
// for no weights, num_bits, or num_scales that does not divide the weights or
// contradicts channel_wise and group. FAILED_PRECONDITION / SCALE_OUT_OF_RANGE
// for an illegal scale, as infinite weights give. The caller adds the layer.
template <typename T>
absl::StatusOr<WeightFactors> ArqSearch(absl::Span<const T> weights,
                                        const ArqParams& params);

// Replaces each weight w of block c by
//   (clip(round(w / scale[c]) + offset[c]) - offset[c]) * scale[c],
// round half away from zero, clip to [-2^(n-1), 2^(n-1) - 1], in T's
// arithmetic. A scale below 2^-23 counts as 1. Errors: as ArqSearch.
template <typename T>
absl::Status FakeQuantizeWeights(const WeightFactors& factors, int num_bits,
                                 absl::Span<T> weights);

// The codes clip(round(w / scale[c]) + offset[c]) themselves; num_bits 2..8.
// The division is T's: AMCT's tool passes double, its layers float.
template <typename T>
absl::StatusOr<std::vector<int8_t>> QuantizeWeights(
    const WeightFactors& factors, int num_bits, absl::Span<const T> weights);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_ARQ_H_
