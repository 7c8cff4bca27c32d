#include "engine/quant/ulq.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "engine/quant/checks.h"

namespace quantd {
namespace {

float LevelCount(int num_bits) {
  return static_cast<float>((1 << num_bits) - 1);
}

}  // namespace

bool RestoreClips(UlqClips* clips, UlqClips* remembered) {
  if (clips->max <= clips->min) {
    *clips = *remembered;
    return true;
  }
  if (clips->max < 0) {
    clips->max = remembered->max;
  } else if (clips->min > 0) {
    clips->min = remembered->min;
  }
  *remembered = *clips;
  return false;
}

absl::StatusOr<UlqFactors> UlqFactorsOf(const UlqClips& clips, int num_bits) {
  if (num_bits < 2 || num_bits > 16) {
    return BadOption("num_bits", num_bits, "2..16");
  }
  UlqFactors factors;
  factors.scale = (clips.max - clips.min) / LevelCount(num_bits);
  const float zero_point = std::round(clips.min / factors.scale);
  if (!(factors.scale > 0) || !std::isfinite(factors.scale) ||
      !(std::abs(zero_point) < 0x1p31f)) {
    return Error(absl::StatusCode::kFailedPrecondition, "SCALE_OUT_OF_RANGE",
                 absl::StrCat("the scale would be ", factors.scale,
                              " between the clip values ", clips.min, " and ",
                              clips.max, "; use a smaller learning rate"),
                 {{"value", absl::StrCat(factors.scale)}});
  }
  factors.zero_point = static_cast<int32_t>(zero_point);
  return factors;
}

int32_t UlqRecordOffset(const UlqFactors& factors, int num_bits) {
  return -factors.zero_point - (1 << (num_bits - 1));
}

UlqClips UlqRange(const UlqFactors& factors, int num_bits) {
  const int64_t lowest = factors.zero_point;
  const int64_t highest = lowest + (1 << num_bits) - 1;
  return {factors.scale * static_cast<float>(highest),
          factors.scale * static_cast<float>(lowest)};
}

void UlqForward(absl::Span<const float> x, const UlqFactors& factors,
                int num_bits, absl::Span<float> y) {
  const UlqClips range = UlqRange(factors, num_bits);
  for (size_t i = 0; i < x.size(); ++i) {
    float clipped = x[i];
    if (clipped < range.min) {
      clipped = range.min;
    } else if (clipped > range.max) {
      clipped = range.max;
    }
    y[i] = std::rint(clipped / factors.scale) * factors.scale;
  }
}

UlqGradient UlqClipGradient(absl::Span<const float> x,
                            absl::Span<const float> dy, const UlqClips& range,
                            const UlqClips& clips, int num_bits) {
  const float steps = LevelCount(num_bits);
  const float span = clips.max - clips.min;
  const float step = 1.0f / steps;
  const auto rounding = [=](float value) {
    const float t = value * steps / span;
    return step * (std::round(t) - t);
  };
  const float at_min = rounding(clips.min);
  UlqGradient gradient;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] > range.max) {
      gradient.max += dy[i] * (at_min + 1);
      gradient.min += dy[i] * -at_min;
    } else if (x[i] < range.min) {
      gradient.max += dy[i] * at_min;
      gradient.min += dy[i] * (1 - at_min);
    } else {
      const float inside = rounding(x[i]);
      gradient.max += dy[i] * inside;
      gradient.min += dy[i] * -inside;
    }
  }
  return gradient;
}

void UlqInputGradient(absl::Span<const float> x, absl::Span<const float> dy,
                      const UlqClips& range, absl::Span<float> dx) {
  for (size_t i = 0; i < x.size(); ++i) {
    dx[i] = x[i] > range.max || x[i] < range.min ? 0.0f : dy[i];
  }
}

}  // namespace quantd
