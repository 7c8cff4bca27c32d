#include "engine/simulator/weight_scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace quantd {
namespace {

bool AreWhole(absl::Span<const float> values, float step, double largest) {
  return std::all_of(values.begin(), values.end(), [&](float value) {
    return WholeOf(value, step, largest).has_value();
  });
}

// True if `scale` gives `rows` bit for bit.
bool Gives(float scale, absl::Span<const float> rows) {
  return std::all_of(rows.begin(), rows.end(), [&](float value) {
    const absl::optional<double> code = WholeOf(value, scale, kMaxCode);
    return code && static_cast<float>(*code) * scale == value;
  });
}

// `value` over `divisor`, and the floats next to it, the nearest first.
std::array<float, 5> Quotients(float value, int divisor) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float quotient =
      static_cast<float>(static_cast<double>(value) / divisor);
  const float above = std::nextafter(quotient, kInfinity);
  const float below = std::nextafter(quotient, 0.0f);
  return {quotient, above, below, std::nextafter(above, kInfinity),
          std::nextafter(below, 0.0f)};
}

}  // namespace

absl::optional<double> WholeOf(float value, float step, double largest) {
  constexpr double kRoundings = 0x1p-22;
  constexpr double kMaxCertain = 0x1p19;
  const double quotient = static_cast<double>(value) / step;
  const double whole = std::nearbyint(quotient);
  if (!(std::abs(whole) <= largest)) return absl::nullopt;
  if (std::abs(whole) <= kMaxCertain &&
      std::abs(quotient - whole) > std::abs(whole) * kRoundings) {
    return absl::nullopt;
  }
  return whole;
}

bool AreFinite(absl::Span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); });
}

float LargestOf(absl::Span<const float> values) {
  float largest = 0;
  for (float value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

bool FitsScale(absl::Span<const float> rows, absl::Span<const float> bias,
               float scale, float scale_d) {
  const float step = scale * scale_d;
  return scale > 0 && step > 0 && std::isfinite(step) &&
         AreWhole(rows, scale, kMaxCode) && AreWhole(bias, step, kMaxBias);
}

absl::optional<float> FindScale(absl::Span<const float> rows,
                                absl::Span<const float> bias, float scale_d) {
  const float largest = LargestOf(rows);
  const auto with_code = [&](int code) -> absl::optional<float> {
    for (const float scale : Quotients(largest, code)) {
      if (FitsScale(rows, bias, scale, scale_d) && Gives(scale, rows)) {
        const float recorded = ScaleOfInverse(static_cast<float>(1.0 / scale));
        return FitsScale(rows, bias, recorded, scale_d) ? recorded : scale;
      }
    }
    return absl::nullopt;
  };
  // Too large steps come before their parts, which fit as well.
  if (const auto scale = with_code(kMaxCode - 1)) return scale;
  for (int code = 1; code <= kMaxCode; ++code) {
    if (const auto scale = with_code(code)) return scale;
  }
  return absl::nullopt;
}

double LargestInput(const FakeQuantParams& input) {
  return std::ldexp(1.0, input.num_bits - 1) + std::abs(input.offset);
}

double LargestSum(absl::Span<const float> codes, const FakeQuantParams& input) {
  double positive = 0, negative = 0;
  for (const float code : codes) {
    (code > 0 ? positive : negative) += std::abs(code);
  }
  const double half = std::ldexp(1.0, input.num_bits - 1);
  const double low = half + input.offset;  // Of -(q - offset).
  const double high = half - 1 - input.offset;
  return std::max(high * positive + low * negative,
                  high * negative + low * positive);
}

}  // namespace quantd
