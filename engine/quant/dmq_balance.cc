#include "engine/quant/dmq_balance.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/quant/checks.h"
#include "engine/quant/process_scale.h"

namespace quantd {
namespace {

constexpr float kMinStrength = 0.2f;
constexpr float kMaxStrength = 0.8f;

bool IsZero(float magnitude) { return magnitude < kMinScale; }

std::vector<float> Magnitudes(absl::Span<const float> values,
                              int64_t num_channels) {
  std::vector<float> magnitudes(num_channels, 0.0f);
  const size_t size = values.size() / num_channels;
  for (size_t i = 0; i < values.size(); ++i) {
    float& largest = magnitudes[i / size];
    largest = std::max(largest, std::abs(values[i]));
  }
  return magnitudes;
}

absl::Status CheckSize(absl::string_view what, size_t size,
                       int64_t num_channels) {
  if (size > 0 && num_channels > 0 &&
      static_cast<int64_t>(size) % num_channels == 0) {
    return absl::OkStatus();
  }
  return BadOption("num_channels", num_channels,
                   absl::StrCat("a divisor of the ", size, " ", what));
}

// Factors of the channels with zeros; the others are there already.
void FillZeroChannels(const std::vector<float>& a, const std::vector<float>& w,
                      std::vector<float>* factors) {
  float largest_a = 0;
  float largest_w = 0;
  for (size_t c = 0; c < a.size(); ++c) {
    const float factor = (*factors)[c];
    if (IsZero(factor)) continue;
    largest_a = std::max(largest_a, a[c] / factor);
    largest_w = std::max(largest_w, w[c] * factor);
  }
  if (IsZero(largest_a) || IsZero(largest_w)) {
    std::fill(factors->begin(), factors->end(), 1.0f);
    return;
  }
  for (size_t c = 0; c < a.size(); ++c) {
    if (IsZero(a[c])) {
      (*factors)[c] = IsZero(w[c]) ? 1.0f : largest_w / w[c];
    } else if (IsZero(w[c])) {
      (*factors)[c] = a[c] / largest_a;
    }
  }
}

}  // namespace

absl::StatusOr<std::vector<float>> DmqBalanceFactors(
    absl::Span<const float> activations, absl::Span<const float> weights,
    int64_t num_channels, float migration_strength) {
  if (!(migration_strength >= kMinStrength) ||
      !(migration_strength <= kMaxStrength)) {
    return BadOption("migration_strength", migration_strength, "0.2..0.8");
  }
  RETURN_IF_ERROR(CheckSize("activations", activations.size(), num_channels));
  RETURN_IF_ERROR(CheckSize("weights", weights.size(), num_channels));
  RETURN_IF_ERROR(CheckActivations(activations));
  RETURN_IF_ERROR(CheckFiniteWeights(weights));
  const std::vector<float> a = Magnitudes(activations, num_channels);
  const std::vector<float> w = Magnitudes(weights, num_channels);
  std::vector<float> factors(num_channels, 1.0f);
  if (IsZero(*std::max_element(a.begin(), a.end())) ||
      IsZero(*std::max_element(w.begin(), w.end()))) {
    return factors;
  }
  bool has_zeros = false;
  for (int64_t c = 0; c < num_channels; ++c) {
    if (IsZero(a[c]) || IsZero(w[c])) {
      has_zeros = true;
      factors[c] = 0;
      continue;
    }
    // In float64, rounded once.
    factors[c] = static_cast<float>(
        std::pow(static_cast<double>(a[c]),
                 static_cast<double>(migration_strength)) /
        std::pow(static_cast<double>(w[c]),
                 static_cast<double>(1 - migration_strength)));
  }
  if (has_zeros) FillZeroChannels(a, w, &factors);
  return factors;
}

absl::Status CheckBalanceFactors(absl::Span<const float> factors) {
  for (const float factor : factors) {
    if (!(factor >= kMinScale) || !(factor <= kMaxScale)) {
      return Error(
          absl::StatusCode::kFailedPrecondition, "SCALE_OUT_OF_RANGE",
          absl::StrCat("a balance factor would be ", factor, ", legal are ",
                       kMinScale, " to ", kMaxScale, "; leave the layer out"),
          {{"value", absl::StrCat(factor)}});
    }
  }
  return absl::OkStatus();
}

}  // namespace quantd
