// ULQ: quantization of activations between two learned clip values. The
// arithmetic of one step; the layer's state is engine/quant/activation_qat.h.
// Source of the formulas: AMCT's ULQ, in float32 as its Caffe layer computes.
#ifndef QUANTD_ENGINE_QUANT_ULQ_H_
#define QUANTD_ENGINE_QUANT_ULQ_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace quantd {

struct UlqClips {
  float max = 3.0f;
  float min = 0.0f;
};

// What clips mean for n bits: levels scale * (zero_point + k), k in [0, 2^n).
struct UlqFactors {
  float scale = 1.0f;      // (max - min) / (2^n - 1).
  int32_t zero_point = 0;  // round(min / scale), half away from zero.
};

// What an optimizer left in *clips, made usable: max <= min puts both back to
// *remembered; max < 0 puts max back and min > 0 puts min back; whatever was
// not put back is remembered. True if both were put back. NaN is not noticed.
bool RestoreClips(UlqClips* clips, UlqClips* remembered);

// Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE for num_bits outside 2..16;
// FAILED_PRECONDITION, SCALE_OUT_OF_RANGE for a scale that is not positive and
// finite, or a minimum more than 2^31 steps from 0.
absl::StatusOr<UlqFactors> UlqFactorsOf(const UlqClips& clips, int num_bits);

// The offset_d of a record: -zero_point - 2^(n-1).
int32_t UlqRecordOffset(const UlqFactors& factors, int num_bits);

// The lowest and the highest level.
UlqClips UlqRange(const UlqFactors& factors, int num_bits);

// y = rint(clip(x, lowest, highest) / scale) * scale, half to even. `y` has the
// size of `x` and may be the same memory. NaN stays NaN.
void UlqForward(absl::Span<const float> x, const UlqFactors& factors,
                int num_bits, absl::Span<float> y);

// d(loss) / d(clip).
struct UlqGradient {
  float max = 0.0f;
  float min = 0.0f;
};

// The gradient of the clips for the gradient `dy` of y, summed over all
// elements in order in float32. With S = 2^n - 1 and
//   D(v) = (1 / S) * (round(t) - t),  t = v * S / (clips.max - clips.min):
//   x above range.max:  max += dy * (D(min) + 1),  min += dy * -D(min)
//   x below range.min:  max += dy * D(min),        min += dy * (1 - D(min))
//   between:            max += dy * D(x),          min += dy * -D(x)
// `range` is that of the forward pass. AMCT uses S = 255 whatever the bits.
UlqGradient UlqClipGradient(absl::Span<const float> x,
                            absl::Span<const float> dy, const UlqClips& range,
                            const UlqClips& clips, int num_bits);

// dx = dy where x is in [range.min, range.max], else 0. `dx` may be `dy`.
void UlqInputGradient(absl::Span<const float> x, absl::Span<const float> dy,
                      const UlqClips& range, absl::Span<float> dx);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_ULQ_H_
