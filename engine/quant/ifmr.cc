#include "engine/quant/ifmr.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/quant/checks.h"
#include "engine/quant/process_scale.h"

namespace quantd {
namespace {

// How many candidates the range holds, in AMCT's float32 arithmetic.
float CandidateCount(const IfmrParams& params) {
  const float span = params.search_range_end - params.search_range_start;
  return span / params.search_step + 1.0f;
}

absl::Status CheckPercentile(absl::string_view name, float percentile) {
  if (percentile > 0.0f && percentile <= 1.0f) return absl::OkStatus();
  return BadOption(name, percentile, "above 0 and at most 1");
}

// The extremes at the percentiles, zero taken into the range.
struct Extremes {
  float max;
  float min;
};

Extremes FindExtremes(absl::Span<const float> data, const IfmrParams& params) {
  const int64_t count = static_cast<int64_t>(data.size());
  std::vector<float> copy(data.begin(), data.end());
  const int64_t max_rank = IfmrRank(count, params.max_percentile);
  const int64_t min_rank = IfmrRank(count, params.min_percentile);
  const auto max_at = copy.begin() + (max_rank - 1);
  std::nth_element(copy.begin(), max_at, copy.end(), std::greater<float>());
  const float max = std::max(*max_at, 0.0f);
  const auto min_at = copy.begin() + (min_rank - 1);
  std::nth_element(copy.begin(), min_at, copy.end());
  return {max, std::min(*min_at, 0.0f)};
}

// Columns of the candidates, padded so that the inner loop below becomes whole
// vectors; the padding is evaluated and dropped.
struct Columns {
  static constexpr size_t kPadding = 4;

  explicit Columns(absl::Span<const IfmrCandidate> candidates) {
    const size_t size =
        (candidates.size() + kPadding - 1) / kPadding * kPadding;
    for (size_t i = 0; i < size; ++i) {
      const IfmrCandidate& candidate =
          candidates[std::min(i, candidates.size() - 1)];
      scale.push_back(candidate.scale);
      low.push_back(candidate.low);
      high.push_back(candidate.high);
    }
    loss.resize(size, 0.0f);
  }

  std::vector<float> scale, low, high, loss;
};

}  // namespace

absl::Status CheckIfmrParams(const IfmrParams& params) {
  if (params.num_bits < 2 || params.num_bits > 16) {
    return BadOption("num_bits", params.num_bits, "2..16");
  }
  const float start = params.search_range_start;
  const float end = params.search_range_end;
  if (!(start > 0.0f) || !std::isfinite(start)) {
    return BadOption("search_range_start", start, "above 0");
  }
  if (!(end >= start) || !std::isfinite(end)) {
    return BadOption("search_range_end", end,
                     absl::StrCat("at least search_range_start, ", start));
  }
  if (!(params.search_step > 0.0f) ||
      !(CandidateCount(params) < kMaxIfmrCandidates + 1)) {
    return BadOption("search_step", params.search_step,
                     absl::StrCat("above 0 and give at most ",
                                  kMaxIfmrCandidates, " candidates"));
  }
  RETURN_IF_ERROR(CheckPercentile("max_percentile", params.max_percentile));
  return CheckPercentile("min_percentile", params.min_percentile);
}

int64_t IfmrRank(int64_t count, float percentile) {
  if (percentile >= 1.0f) return 1;
  const float inside = percentile * static_cast<float>(count);
  return std::clamp<int64_t>(count - static_cast<int64_t>(std::floor(inside)),
                             1, std::max<int64_t>(count, 1));
}

absl::StatusOr<std::vector<IfmrCandidate>> IfmrCandidates(
    const IfmrParams& params, float max, float min) {
  // A tie takes the negative side.
  const bool positive = std::abs(max) > std::abs(min);
  const float extreme = positive ? max : -min;
  const float half = static_cast<float>(1 << (params.num_bits - 1));
  const float limit = positive ? half - 1.0f : half;
  const float levels = static_cast<float>((1 << params.num_bits) - 1);
  std::vector<IfmrCandidate> candidates(
      static_cast<size_t>(CandidateCount(params)));
  for (size_t i = 0; i < candidates.size(); ++i) {
    const float ratio =
        params.search_range_start + static_cast<float>(i) * params.search_step;
    IfmrCandidate& candidate = candidates[i];
    float scale;
    if (params.with_offset) {
      candidate.high = ratio * max;
      candidate.low = min;
      scale = (candidate.high - candidate.low) / levels;
    } else {
      candidate.high = ratio * extreme;
      candidate.low = -candidate.high;
      scale = candidate.high / limit;
    }
    ASSIGN_OR_RETURN(candidate.scale, ProcessScale(scale));
  }
  return candidates;
}

std::vector<double> IfmrLosses(absl::Span<const float> data,
                               absl::Span<const IfmrCandidate> candidates) {
  Columns columns(candidates);
  const float* const scale = columns.scale.data();
  const float* const low = columns.low.data();
  const float* const high = columns.high.data();
  float* const loss = columns.loss.data();
  const size_t groups = columns.loss.size() / Columns::kPadding;
  const float count = static_cast<float>(data.size());
  // The largest float below one half: adding it and truncating is rounding
  // half away from zero, exactly.
  const float half = std::nextafter(0.5f, 0.0f);
  for (const float x : data) {
    for (size_t group = 0; group < groups; ++group) {
      for (size_t lane = 0; lane < Columns::kPadding; ++lane) {
        const size_t i = group * Columns::kPadding + lane;
        const float above = x < low[i] ? low[i] : x;
        const float steps = (above > high[i] ? high[i] : above) / scale[i];
        const float rounded = static_cast<float>(
            static_cast<int32_t>(steps + std::copysign(half, steps)));
        const float error = rounded * scale[i] - x;
        loss[i] += error * error / count;
      }
    }
  }
  return {columns.loss.begin(), columns.loss.begin() + candidates.size()};
}

IfmrResult ChooseIfmrCandidate(const IfmrParams& params, float max, float min,
                               absl::Span<const IfmrCandidate> candidates,
                               absl::Span<const double> losses) {
  const size_t best =
      std::min_element(losses.begin(), losses.end()) - losses.begin();
  size_t second = best;
  for (size_t i = 0; i < losses.size(); ++i) {
    if (candidates[i].scale != candidates[best].scale &&
        (second == best || losses[i] < losses[second])) {
      second = i;
    }
  }
  IfmrResult result;
  result.scale = candidates[best].scale;
  if (params.with_offset) {
    result.offset = -static_cast<int32_t>(std::round(min / result.scale)) -
                    (1 << (params.num_bits - 1));
  }
  result.max = max;
  result.min = min;
  result.num_candidates = static_cast<int>(candidates.size());
  result.best_index = static_cast<int>(best);
  result.best_loss = losses[best];
  result.second_index = static_cast<int>(second);
  result.loss_gap = second == best || losses[best] == 0.0
                        ? std::numeric_limits<double>::infinity()
                        : losses[second] / losses[best] - 1.0;
  return result;
}

absl::StatusOr<IfmrResult> IfmrSearch(absl::Span<const float> data,
                                      const IfmrParams& params) {
  RETURN_IF_ERROR(CheckIfmrParams(params));
  RETURN_IF_ERROR(CheckActivations(data));
  const Extremes extremes = FindExtremes(data, params);
  ASSIGN_OR_RETURN(std::vector<IfmrCandidate> candidates,
                   IfmrCandidates(params, extremes.max, extremes.min));
  IfmrResult result =
      ChooseIfmrCandidate(params, extremes.max, extremes.min, candidates,
                          IfmrLosses(data, candidates));
  result.all_zero =
      std::all_of(data.begin(), data.end(), [](float x) { return x == 0.0f; });
  return result;
}

}  // namespace quantd
