// The legal range of a quantization scale, and AMCT's treatment of what is
// outside it.
#ifndef QUANTD_ENGINE_QUANT_PROCESS_SCALE_H_
#define QUANTD_ENGINE_QUANT_PROCESS_SCALE_H_

#include "absl/status/statusor.h"

namespace quantd {

// Scales are in [kMinScale, kMaxScale]; the SoC multiplies by 1 / scale.
inline constexpr float kMinScale = 1.1920928955078125e-7f;  // 2^-23.
inline constexpr float kMaxScale = 8388608.0f;              // 2^23.

// `scale`, or 1.0 for anything below kMinScale, zero, negative numbers and
// -infinity included. Source: AMCT's ProcessScale.
// Errors: FAILED_PRECONDITION / SCALE_OUT_OF_RANGE above kMaxScale, for
// +infinity and for NaN; the caller adds the layer.
absl::StatusOr<float> ProcessScale(float scale);

// The same with double's epsilon: the legal range is [2^-52, 2^52].
absl::StatusOr<double> ProcessScale(double scale);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_PROCESS_SCALE_H_
