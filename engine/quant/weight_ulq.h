// Weight ULQ: weights quantized with learned scales whose channel is the last
// axis.
// Source of the formulas: AMCT's weight ULQ, in float32. Channels-first weights
// with searched scales are ARQ (engine/quant/arq.h).
#ifndef QUANTD_ENGINE_QUANT_WEIGHT_ULQ_H_
#define QUANTD_ENGINE_QUANT_WEIGHT_ULQ_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace quantd {

struct WeightUlqParams {
  int num_bits = 8;  // 1..16.
  // Scales are learned as 1 / step, not as the step.
  bool reciprocal = false;
};

// Steps below this count as 1 when scales start, and grow by it when used.
inline constexpr float kWeightUlqEpsilon = 1e-6f;

// Extremes of each channel, zero among them.
struct WeightUlqExtremes {
  std::vector<float> max;
  std::vector<float> min;
};

// Scales to start learning from. Weight i belongs to channel i mod the number
// of scales. Per channel the step is -min / 2^(n-1) if -min > max, else max /
// (2^(n-1) - 1) (a tie takes the positive side), and 1 below the epsilon. One
// bit has no such step: `scale` stays as it is.
// Errors: INVALID_ARGUMENT: OPTION_OUT_OF_RANGE for num_bits, no weights or no
// scales, WEIGHT_NOT_FINITE for NaN or infinity. The caller adds the layer.
absl::StatusOr<WeightUlqExtremes> WeightUlqScales(
    absl::Span<const float> weights, const WeightUlqParams& params,
    absl::Span<float> scale);

// y = clip(round(w / step), -2^(n-1), 2^(n-1) - 1) * step, half away from zero;
// step = scale, plus the epsilon if scale is below it, or the reciprocal of
// that. `y` has the size of the weights and may be the same memory. Errors: as
// WeightUlqScales().
absl::Status WeightUlqFakeQuant(absl::Span<const float> weights,
                                absl::Span<const float> scale,
                                const WeightUlqParams& params,
                                absl::Span<float> y);

// The steps for a record: as above, of the scales' magnitudes. Offsets are 0.
std::vector<float> WeightUlqSteps(absl::Span<const float> scale,
                                  bool reciprocal);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_WEIGHT_ULQ_H_
