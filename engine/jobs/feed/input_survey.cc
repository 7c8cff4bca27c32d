#include "engine/jobs/feed/input_survey.h"

#include <algorithm>
#include <cstring>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"

namespace quantd {
namespace {

// Odd, 2^64 / golden ratio.
constexpr uint64_t kFactor = 0x9e3779b97f4a7c15u;

// Four sums of independent words, so that no multiplication waits for the one
// before; then the rest.
uint64_t FingerprintOf(absl::Span<const float> values) {
  constexpr size_t kLanes = 4;
  uint64_t lanes[kLanes] = {1, 2, 3, 4};
  const auto mix = [](uint64_t state, uint64_t word) {
    const uint64_t product = (state ^ word) * kFactor;
    return product ^ (product >> 29);
  };
  size_t i = 0;
  for (; i + 2 * kLanes <= values.size(); i += 2 * kLanes) {
    uint64_t words[kLanes];
    std::memcpy(words, &values[i], sizeof(words));
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = mix(lanes[lane], words[lane]);
    }
  }
  uint64_t fingerprint = values.size();
  for (; i < values.size(); ++i) {
    uint32_t bits;
    std::memcpy(&bits, &values[i], sizeof(bits));
    fingerprint = mix(fingerprint, bits);
  }
  for (const uint64_t lane : lanes) fingerprint = mix(fingerprint, lane);
  return fingerprint;
}

struct MinMax {
  float min;
  float max;
};

// Of at least one value, none of them NaN. In lanes, for the compiler to
// vectorize: std::minmax_element() is ten times slower.
MinMax MinMaxOf(absl::Span<const float> values) {
  constexpr size_t kLanes = 16;
  float mins[kLanes];
  float maxs[kLanes];
  std::fill_n(mins, kLanes, values[0]);
  std::fill_n(maxs, kLanes, values[0]);
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float value = values[i + lane];
      mins[lane] = value < mins[lane] ? value : mins[lane];
      maxs[lane] = value > maxs[lane] ? value : maxs[lane];
    }
  }
  for (; i < values.size(); ++i) {
    mins[0] = std::min(mins[0], values[i]);
    maxs[0] = std::max(maxs[0], values[i]);
  }
  return {*std::min_element(mins, mins + kLanes),
          *std::max_element(maxs, maxs + kLanes)};
}

}  // namespace

void InputSurvey::Add(const std::vector<const Tensor*>& inputs, int64_t count) {
  if (count < 1) return;
  ranges_.resize(inputs.size());
  const bool is_first = fingerprints_.empty();
  std::vector<uint64_t> images(count);
  for (size_t k = 0; k < inputs.size(); ++k) {
    const Tensor& input = *inputs[k];
    if (input.num_elements() == 0) continue;
    Range& all = ranges_[k];
    const int64_t size = input.num_elements() / count;
    for (int64_t i = 0; i < count; ++i) {
      const absl::Span<const float> image =
          input.values().subspan(i * size, size);
      const MinMax range = MinMaxOf(image);
      const bool is_start = is_first && i == 0;
      all.min = is_start ? range.min : std::min(all.min, range.min);
      all.max = is_start ? range.max : std::max(all.max, range.max);
      all.num_constant += range.min == range.max;
      images[i] = images[i] * kFactor + FingerprintOf(image);
    }
  }
  fingerprints_.insert(fingerprints_.end(), images.begin(), images.end());
}

int64_t InputSurvey::CountSharedWith(const InputSurvey& other) const {
  const absl::flat_hash_set<uint64_t> seen(other.fingerprints_.begin(),
                                           other.fingerprints_.end());
  return std::count_if(
      fingerprints_.begin(), fingerprints_.end(),
      [&seen](uint64_t fingerprint) { return seen.contains(fingerprint); });
}

}  // namespace quantd
