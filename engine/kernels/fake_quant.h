// Quantizes to integers and back in float32, element by element.
// Not here: choosing scale and offset (engine/quant).
#ifndef QUANTD_ENGINE_KERNELS_FAKE_QUANT_H_
#define QUANTD_ENGINE_KERNELS_FAKE_QUANT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace quantd {

// How AMCT's Quant layer maps values:
//   q = clip(int(round(x / scale)) + offset, -2^(n-1), 2^(n-1) - 1)
//   y = float(q - offset) * scale
// with a float32 division and rounding half away from zero. Where AMCT's code
// is undefined we saturate: +-inf and |x / scale| >= 2^31 go to the nearer end,
// NaN to the lower one.
struct FakeQuantParams {
  float scale = 1;     // The step, positive and finite.
  int32_t offset = 0;  // In [-2^(n-1), 2^(n-1) - 1].
  int num_bits = 8;    // n, 2..16.
};

// Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE naming the parameter.
absl::Status CheckFakeQuantParams(const FakeQuantParams& params);

// The step of a quant_param.scale, which stores the reciprocal:
// float(1 / double(inv_scale)).
float ScaleOfInverse(float inv_scale);

// From a quotient x / scale to q - offset. Clipping to whole numbers before
// rounding gives the same as clipping q after it, and keeps every value in
// int32. Inline, as loops over it are vectorized.
class QuotientRounder {
 public:
  // `params` must pass CheckFakeQuantParams().
  explicit QuotientRounder(const FakeQuantParams& params)
      : low_(static_cast<float>(-(1 << (params.num_bits - 1)) - params.offset)),
        high_(static_cast<float>((1 << (params.num_bits - 1)) - 1 -
                                 params.offset)) {}

  int32_t Round(float quotient) const {
    quotient = quotient > low_ ? quotient : low_;  // Also NaN.
    quotient = quotient < high_ ? quotient : high_;
    int32_t whole = static_cast<int32_t>(quotient);
    const float rest = quotient - static_cast<float>(whole);  // Exact.
    whole += static_cast<int32_t>(rest >= 0.5f);
    whole -= static_cast<int32_t>(rest <= -0.5f);
    return whole;
  }

 private:
  float low_;
  float high_;
};

// `params` must pass CheckFakeQuantParams(); `y` has the size of `x` and may be
// the same memory.
void FakeQuant(absl::Span<const float> x, const FakeQuantParams& params,
               absl::Span<float> y);

// The whole numbers alone: y = float(q - offset).
void FakeQuantSteps(absl::Span<const float> x, const FakeQuantParams& params,
                    absl::Span<float> y);

// FakeQuant(), bit for bit, written as the formula reads.
void FakeQuantReference(absl::Span<const float> x,
                        const FakeQuantParams& params, absl::Span<float> y);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_FAKE_QUANT_H_
