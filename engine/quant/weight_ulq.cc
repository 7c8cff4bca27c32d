#include "engine/quant/weight_ulq.h"

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"
#include "engine/quant/checks.h"

namespace quantd {
namespace {

absl::Status Check(absl::Span<const float> weights,
                   const WeightUlqParams& params, size_t num_scales) {
  if (params.num_bits < 1 || params.num_bits > 16) {
    return BadOption("num_bits", params.num_bits, "1..16");
  }
  if (num_scales == 0) return BadOption("number of scales", 0, "at least 1");
  return CheckFiniteWeights(weights);
}

float StepOf(float scale, bool reciprocal) {
  const float enough =
      scale < kWeightUlqEpsilon ? scale + kWeightUlqEpsilon : scale;
  return reciprocal ? 1.0f / enough : enough;
}

}  // namespace

absl::StatusOr<WeightUlqExtremes> WeightUlqScales(
    absl::Span<const float> weights, const WeightUlqParams& params,
    absl::Span<float> scale) {
  RETURN_IF_ERROR(Check(weights, params, scale.size()));
  WeightUlqExtremes extremes;
  extremes.max.assign(scale.size(), 0.0f);
  extremes.min.assign(scale.size(), 0.0f);
  size_t c = 0;
  for (const float weight : weights) {
    extremes.max[c] = std::max(extremes.max[c], weight);
    extremes.min[c] = std::min(extremes.min[c], weight);
    c = c + 1 == scale.size() ? 0 : c + 1;
  }
  const float half = static_cast<float>(1 << (params.num_bits - 1));
  if (params.num_bits == 1) return extremes;
  for (c = 0; c < scale.size(); ++c) {
    const float max = extremes.max[c];
    const float min = extremes.min[c];
    const float step = -min > max ? -min / half : max / (half - 1);
    const float start = step < kWeightUlqEpsilon ? 1.0f : step;
    scale[c] = params.reciprocal ? 1.0f / start : start;
  }
  return extremes;
}

absl::Status WeightUlqFakeQuant(absl::Span<const float> weights,
                                absl::Span<const float> scale,
                                const WeightUlqParams& params,
                                absl::Span<float> y) {
  RETURN_IF_ERROR(Check(weights, params, scale.size()));
  const float half = static_cast<float>(1 << (params.num_bits - 1));
  size_t c = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const float step = StepOf(scale[c], params.reciprocal);
    y[i] = std::clamp(std::round(weights[i] / step), -half, half - 1) * step;
    c = c + 1 == scale.size() ? 0 : c + 1;
  }
  return absl::OkStatus();
}

std::vector<float> WeightUlqSteps(absl::Span<const float> scale,
                                  bool reciprocal) {
  std::vector<float> steps;
  for (const float value : scale) {
    steps.push_back(StepOf(std::abs(value), reciprocal));
  }
  return steps;
}

}  // namespace quantd
