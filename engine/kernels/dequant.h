// What AMCT's DeQuant layer does to the sums of a quantized layer, in float32:
// they are rounded to the integers that a 16-bit accumulator keeps after a
// shift.
// Not here: choosing the shifts (engine/quant/shift_search.h).
#ifndef QUANTD_ENGINE_KERNELS_DEQUANT_H_
#define QUANTD_ENGINE_KERNELS_DEQUANT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace quantd {

// Per channel c, with N = shift_bit[c]:
//   t = round(x / scale[c])           the 32-bit sum
//   r = clip(round(t / 2^N), -2^15, 2^15 - 1)
//   y = r * scale[c] * 2^N
// with a float32 division, rounding half away from zero and float32 products
// from left to right. If every N is 0, y = x, whatever the scales are. NaN
// stays NaN; infinities clip. Source: AMCT's DeQuant layer.
struct DequantParams {
  // scale_d * scale_w: positive and finite. One, or one per channel.
  absl::Span<const float> scale;
  // As many as scales: all 0, or all whole numbers in 1..16.
  absl::Span<const float> shift_bit;
  // Elements that follow each other in one channel: H * W of NCHW. Only looked
  // at where there are several scales; x has whole multiples of scales *
  // inner_dim elements.
  int64_t inner_dim = 1;
};

inline constexpr int kMinShiftBit = 1;
inline constexpr int kMaxShiftBit = 16;

// Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE naming the parameter.
absl::Status CheckDequantParams(const DequantParams& params);

// `params` must pass CheckDequantParams(); `y` has the size of `x` and may be
// the same memory.
void Dequant(absl::Span<const float> x, const DequantParams& params,
             absl::Span<float> y);

// The same, bit for bit, written as the formula reads.
void DequantReference(absl::Span<const float> x, const DequantParams& params,
                      absl::Span<float> y);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_DEQUANT_H_
