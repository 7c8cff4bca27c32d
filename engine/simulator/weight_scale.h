// The step that floats are whole numbers of.
#ifndef QUANTD_ENGINE_SIMULATOR_WEIGHT_SCALE_H_
#define QUANTD_ENGINE_SIMULATOR_WEIGHT_SCALE_H_

#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "engine/kernels/fake_quant.h"

namespace quantd {

// Of a weight.
inline constexpr int kMaxCode = 128;
// float32 holds every whole number up to here.
inline constexpr double kMaxWholeSum = 0x1p24;
// Biases are stored as int32.
inline constexpr double kMaxBias = 0x1p31;

// The whole number of `step` that `value` is, but for a few roundings: records
// hold reciprocals, so that steps may differ from those that a model was made
// with in the last bit. Beyond 2^19, where these are no small part of a step,
// the nearest one. None if it is none, or beyond `largest`.
absl::optional<double> WholeOf(float value, float step, double largest);

float LargestOf(absl::Span<const float> values);

bool AreFinite(absl::Span<const float> values);

// True if `rows` are whole numbers of `scale`, of up to kMaxCode, and `bias` of
// scale * scale_d.
bool FitsScale(absl::Span<const float> rows, absl::Span<const float> bias,
               float scale, float scale_d);

// scale_w of `rows`, which are not all zero, that FitsScale() and gives `rows`
// bit for bit, as a record would have it, if that fits: its reciprocal is
// float32. None if there is none.
absl::optional<float> FindScale(absl::Span<const float> rows,
                                absl::Span<const float> bias, float scale_d);

// A bound of |q - offset|.
double LargestInput(const FakeQuantParams& input);

// No sum of some of the products of `codes` with q - offset is beyond it.
double LargestSum(absl::Span<const float> codes, const FakeQuantParams& input);

}  // namespace quantd

#endif  // QUANTD_ENGINE_SIMULATOR_WEIGHT_SCALE_H_
