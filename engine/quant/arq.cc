#include "engine/quant/arq.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/quant/checks.h"
#include "engine/quant/process_scale.h"

namespace quantd {
namespace {

constexpr int kMinBits = 2;
constexpr int kMaxBits = 16;

// What holds for the search and for quantization with given factors.
template <typename T>
absl::Status CheckWeights(absl::Span<const T> weights, int64_t num_scales,
                          int num_bits, int max_bits) {
  RETURN_IF_ERROR(CheckNotNan(weights));
  const int64_t count = static_cast<int64_t>(weights.size());
  if (num_scales < 1 || count % num_scales != 0) {
    return BadOption("num_scales", num_scales,
                     absl::StrCat("a divisor of the ", count, " weights"));
  }
  if (num_bits < kMinBits || num_bits > max_bits) {
    return BadOption("num_bits", num_bits,
                     absl::StrCat(kMinBits, "..", max_bits));
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status CheckFactors(const WeightFactors& factors, int num_bits,
                          int max_bits, absl::Span<const T> weights) {
  RETURN_IF_ERROR(CheckWeights(
      weights, static_cast<int64_t>(factors.scale.size()), num_bits, max_bits));
  if (factors.offset.size() != factors.scale.size()) {
    return BadOption("number of offsets", factors.offset.size(),
                     absl::StrCat(factors.scale.size(), ", as the scales"));
  }
  return absl::OkStatus();
}

// Calls store(index, code) for each weight. Codes include the offset.
template <typename T, typename Store>
absl::Status ForEachCode(const WeightFactors& factors, int num_bits,
                         absl::Span<const T> weights, Store store) {
  // The largest value below one half: adding it and truncating is rounding
  // half away from zero, exactly.
  const T half = std::nextafter(T{0.5}, T{0});
  const int32_t lowest = -(1 << (num_bits - 1));
  const int32_t highest = (1 << (num_bits - 1)) - 1;
  const size_t block = weights.size() / factors.scale.size();
  for (size_t c = 0; c < factors.scale.size(); ++c) {
    ASSIGN_OR_RETURN(const float scale, ProcessScale(factors.scale[c]));
    const int32_t offset = factors.offset[c];
    const T low = static_cast<T>(int64_t{lowest} - offset);
    const T high = static_cast<T>(int64_t{highest} - offset);
    for (size_t i = c * block; i < (c + 1) * block; ++i) {
      const T steps = std::clamp(weights[i] / static_cast<T>(scale), low, high);
      const int64_t rounded =
          static_cast<int64_t>(steps + std::copysign(half, steps));
      store(i, c, scale, rounded);
    }
  }
  return absl::OkStatus();
}

}  // namespace

template <typename T>
absl::StatusOr<WeightFactors> ArqSearch(absl::Span<const T> weights,
                                        const ArqParams& params) {
  if (params.channel_wise ? params.group != 1
                          : params.num_scales != params.group) {
    return BadOption(
        "num_scales", params.num_scales,
        params.channel_wise
            ? absl::StrCat("used with group 1, not ", params.group)
            : absl::StrCat(params.group, ", the groups, per tensor"));
  }
  RETURN_IF_ERROR(
      CheckWeights(weights, params.num_scales, params.num_bits, kMaxBits));

  const float levels = static_cast<float>((1 << params.num_bits) - 1);
  const float half = static_cast<float>(1 << (params.num_bits - 1));
  const size_t block = weights.size() / params.num_scales;
  WeightFactors factors;
  for (int64_t c = 0; c < params.num_scales; ++c) {
    const auto [low, high] = std::minmax_element(
        weights.begin() + c * block, weights.begin() + (c + 1) * block);
    float min = static_cast<float>(*low);
    float max = static_cast<float>(*high);
    float scale;
    if (params.with_offset) {
      min = std::min(min, 0.0f);
      max = std::max(max, 0.0f);
      scale = (max - min) / levels;
    } else {
      // A tie takes the negative side.
      const float extreme = std::abs(max) > std::abs(min) ? max : min;
      scale = extreme > 0 ? extreme / (half - 1) : extreme / -half;
    }
    ASSIGN_OR_RETURN(scale, ProcessScale(scale));
    factors.scale.push_back(scale);
    factors.offset.push_back(
        params.with_offset
            ? static_cast<int32_t>(std::round(-min / scale) - half)
            : 0);
  }
  return factors;
}

template <typename T>
absl::Status FakeQuantizeWeights(const WeightFactors& factors, int num_bits,
                                 absl::Span<T> weights) {
  const absl::Span<const T> values = weights;
  RETURN_IF_ERROR(CheckFactors(factors, num_bits, kMaxBits, values));
  return ForEachCode(
      factors, num_bits, values,
      [weights](size_t i, size_t c, float scale, int64_t rounded) {
        weights[i] = static_cast<T>(rounded) * static_cast<T>(scale);
      });
}

template <typename T>
absl::StatusOr<std::vector<int8_t>> QuantizeWeights(
    const WeightFactors& factors, int num_bits, absl::Span<const T> weights) {
  RETURN_IF_ERROR(CheckFactors(factors, num_bits, 8, weights));
  std::vector<int8_t> codes(weights.size());
  RETURN_IF_ERROR(ForEachCode(
      factors, num_bits, weights,
      [&codes, &factors](size_t i, size_t c, float scale, int64_t rounded) {
        codes[i] = static_cast<int8_t>(rounded + factors.offset[c]);
      }));
  return codes;
}

template absl::StatusOr<WeightFactors> ArqSearch(absl::Span<const float>,
                                                 const ArqParams&);
template absl::StatusOr<WeightFactors> ArqSearch(absl::Span<const double>,
                                                 const ArqParams&);
template absl::Status FakeQuantizeWeights(const WeightFactors&, int,
                                          absl::Span<float>);
template absl::Status FakeQuantizeWeights(const WeightFactors&, int,
                                          absl::Span<double>);
template absl::StatusOr<std::vector<int8_t>> QuantizeWeights(
    const WeightFactors&, int, absl::Span<const float>);
template absl::StatusOr<std::vector<int8_t>> QuantizeWeights(
    const WeightFactors&, int, absl::Span<const double>);

}  // namespace quantd
