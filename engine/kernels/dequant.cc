#include "engine/kernels/dequant.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/kernels/option_error.h"

namespace quantd {
namespace {

constexpr float kLow = -32768.0f;
constexpr float kHigh = 32767.0f;

absl::Status OutOfRange(const char* option, double value,
                        const std::string& allowed) {
  return OptionOutOfRange("dequant_param", option, value, allowed);
}

bool ShiftsNothing(const DequantParams& params) {
  return std::all_of(params.shift_bit.begin(), params.shift_bit.end(),
                     [](float shift) { return shift == 0.0f; });
}

// Calls run(from, count, scale, 2^shift) for each stretch of one channel.
template <typename Run>
void ForEachStretch(int64_t size, const DequantParams& params, Run run) {
  const size_t channels = params.scale.size();
  const int64_t stretch =
      channels == 1 ? size : std::max<int64_t>(params.inner_dim, 1);
  size_t c = 0;
  for (int64_t from = 0; from < size; from += stretch) {
    run(from, std::min(stretch, size - from), params.scale[c],
        std::ldexp(1.0f, static_cast<int>(params.shift_bit[c])));
    c = c + 1 == channels ? 0 : c + 1;
  }
}

float DequantOne(float x, float scale, float power) {
  const float sum = std::round(x / scale);
  float kept = std::round(sum / power);
  if (kept < kLow) kept = kLow;
  if (kept > kHigh) kept = kHigh;
  return kept * scale * power;
}

// round(magnitude), half up. Below 2^31.
inline int32_t RoundMagnitude(float magnitude) {
  const int32_t whole = static_cast<int32_t>(magnitude);
  const float rest = magnitude - static_cast<float>(whole);  // Exact.
  return whole + static_cast<int32_t>(rest >= 0.5f);
}

// Values of one channel. Both loops become vectors; the second has no NaN to
// mind.
void DequantPiece(const float* x, int64_t size, float scale, float power,
                  float* y) {
  int32_t nans = 0;
  for (int64_t i = 0; i < size; ++i) nans += static_cast<int32_t>(x[i] != x[i]);
  if (nans > 0) {
    for (int64_t i = 0; i < size; ++i) y[i] = DequantOne(x[i], scale, power);
    return;
  }
  // What is above clips; below 2^31. Not a constant: the compiler would branch.
  const float max_sum = std::min(-kLow * power, 2147483520.0f);
  const float inverse = 1.0f / power;  // Exact.
  for (int64_t i = 0; i < size; ++i) {
    const float quotient = x[i] / scale;
    float sum = std::abs(quotient);
    sum = sum < max_sum ? sum : max_sum;
    const float shifted = static_cast<float>(RoundMagnitude(sum)) * inverse;
    float kept = static_cast<float>(RoundMagnitude(shifted));
    // -kLow for negative ones, else kHigh.
    const float limit = 32767.5f - std::copysign(0.5f, quotient);
    kept = kept < limit ? kept : limit;
    y[i] = std::copysign(kept, quotient) * scale * power;
  }
}

}  // namespace

absl::Status CheckDequantParams(const DequantParams& params) {
  if (params.scale.empty() || params.scale.size() != params.shift_bit.size()) {
    return OutOfRange("shift_bit", static_cast<double>(params.shift_bit.size()),
                      "as many values as deqscale has, at least one");
  }
  if (ShiftsNothing(params)) return absl::OkStatus();
  for (const float shift : params.shift_bit) {
    if (!(shift >= kMinShiftBit) || !(shift <= kMaxShiftBit) ||
        shift != std::floor(shift)) {
      return OutOfRange("shift_bit", shift,
                        "0 in all channels or 1 to 16 in all");
    }
  }
  for (const float scale : params.scale) {
    if (!(scale > 0) || !std::isfinite(scale)) {
      return OutOfRange("deqscale", scale, "positive and finite");
    }
  }
  return absl::OkStatus();
}

void DequantReference(absl::Span<const float> x, const DequantParams& params,
                      absl::Span<float> y) {
  if (ShiftsNothing(params)) {
    std::copy(x.begin(), x.end(), y.begin());
    return;
  }
  ForEachStretch(static_cast<int64_t>(x.size()), params,
                 [x, y](int64_t from, int64_t count, float scale, float power) {
                   for (int64_t i = from; i < from + count; ++i) {
                     y[i] = DequantOne(x[i], scale, power);
                   }
                 });
}

void Dequant(absl::Span<const float> x, const DequantParams& params,
             absl::Span<float> y) {
  if (ShiftsNothing(params)) {
    if (x.data() != y.data()) std::copy(x.begin(), x.end(), y.begin());
    return;
  }
  ForEachStretch(static_cast<int64_t>(x.size()), params,
                 [x, y](int64_t from, int64_t count, float scale, float power) {
                   constexpr int64_t kPiece = 1024;
                   for (int64_t i = from; i < from + count; i += kPiece) {
                     const int64_t size = std::min(kPiece, from + count - i);
                     DequantPiece(x.data() + i, size, scale, power,
                                  y.data() + i);
                   }
                 });
}

}  // namespace quantd
