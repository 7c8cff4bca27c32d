#include "engine/quant/hfmg.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <numeric>

#include "base/status_macros.h"
#include "engine/quant/checks.h"

namespace quantd {
namespace {

constexpr int kMaxBins = 65536;
constexpr float kStepsOfAll = 100000;
constexpr float kSmallestPart = 4;

// Bins left..right, both of them in it.
struct BinRange {
  int64_t left;
  int64_t right;
};

int64_t CeilOfQuotient(int64_t dividend, float divisor) {
  return static_cast<int64_t>(
      std::ceil(static_cast<float>(dividend) / divisor));
}

// The next smaller range, each side moving inwards over at least `step` values.
BinRange Shrink(const std::vector<int64_t>& counts, BinRange range,
                int64_t step) {
  BinRange inner = range;
  for (int64_t sum = 0; inner.left < inner.right && sum < step; ++inner.left) {
    sum += counts[inner.left];
  }
  for (int64_t sum = 0; inner.left < inner.right && sum < step; --inner.right) {
    sum += counts[inner.right];
  }
  if (range.right - inner.right >= inner.left - range.left) {
    return {range.left, inner.right};
  }
  return {inner.left, range.right};
}

std::vector<BinRange> Candidates(const std::vector<int64_t>& counts) {
  const int64_t total =
      std::accumulate(counts.begin(), counts.end(), int64_t{0});
  const int64_t step = std::max<int64_t>(CeilOfQuotient(total, kStepsOfAll), 1);
  const int64_t num_bins = static_cast<int64_t>(counts.size());
  const int64_t smallest = CeilOfQuotient(num_bins, kSmallestPart);
  BinRange range{0, num_bins - 1};
  std::vector<BinRange> candidates;
  while (range.right - range.left > smallest) {
    range = Shrink(counts, range, step);
    candidates.push_back(range);
  }
  if (candidates.empty()) candidates.push_back(range);
  return candidates;
}

// The squared error of values spread evenly with `density` over begin..end,
// distances from what they are quantized to.
float Loss(float begin, float end, float density) {
  const auto cube = [](double x) { return x * x * x; };
  return static_cast<float>((cube(end) - cube(begin)) / 3) * density;
}

// The cell of `cells`, each `width` wide, that a distance from the first one's
// beginning is in; the nearest one if there is none.
float CellOf(float distance, float width, float cells) {
  return std::clamp(std::floor(distance / width), 0.0f, cells - 1);
}

// The squared error of all values if the range is cut into `cells` cells.
float RangeLoss(const std::vector<int64_t>& counts, float bin_width,
                BinRange range, float cells) {
  const float width =
      bin_width * static_cast<float>(range.right - range.left + 1) / cells;
  if (width < FLT_EPSILON) return 0;
  float loss = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const float begin =
        static_cast<float>(static_cast<int64_t>(i) - range.left) * bin_width;
    const float end = begin + bin_width;
    const float first = CellOf(begin, width, cells);
    const float last = CellOf(end, width, cells);
    const float centre = first * width + width / 2;
    const float density = static_cast<float>(counts[i]) / bin_width;
    if (first == last) {
      loss += Loss(begin - centre, end - centre, density);
      continue;
    }
    loss += Loss(begin - centre, width / 2, density);
    loss += (last - first - 1) * Loss(-width / 2, width / 2, density);
    loss += Loss(-width / 2, end - (last * width + width / 2), density);
  }
  return loss;
}

}  // namespace

absl::StatusOr<HfmgHistogram> HfmgHistogram::Create(int num_bins) {
  if (num_bins < 1 || num_bins > kMaxBins) {
    return BadOption("num_bins", num_bins, absl::StrCat("1..", kMaxBins));
  }
  return HfmgHistogram(num_bins);
}

void HfmgHistogram::Count(absl::Span<const float> batch) {
  if (width_ < FLT_EPSILON) {
    counts_[counts_.size() / 2] += static_cast<int64_t>(batch.size());
    return;
  }
  const float last = static_cast<float>(counts_.size() - 1);
  for (const float x : batch) {
    const float bin = std::floor((x - min_) / width_);
    ++counts_[static_cast<size_t>(std::clamp(bin, 0.0f, last))];
  }
}

void HfmgHistogram::AddBinsOf(const HfmgHistogram& other, bool same_range) {
  const int64_t last = static_cast<int64_t>(counts_.size()) - 1;
  const auto bin_of = [&](float value) {
    const float bin = std::floor((value - min_) / width_);
    return static_cast<int64_t>(
        std::clamp(bin, 0.0f, static_cast<float>(last)));
  };
  for (int64_t i = 0; i <= last; ++i) {
    const int64_t count = other.counts_[i];
    if (same_range || count == 0) {
      counts_[i] += count;
      continue;
    }
    if (width_ < FLT_EPSILON) {
      counts_[counts_.size() / 2] += count;
      continue;
    }
    const float begin = other.LowerEnd(i);
    const float end = other.LowerEnd(i + 1);
    const int64_t low = bin_of(begin);
    const int64_t high = bin_of(end);
    int64_t part = count;
    if (low != high) {
      const float share = (LowerEnd(low + 1) - begin) / (end - begin);
      part = std::clamp<int64_t>(
          static_cast<int64_t>(std::floor(share * static_cast<float>(count))),
          0, count);
    }
    counts_[low] += part;
    counts_[high] += count - part;
  }
}

absl::Status HfmgHistogram::Add(absl::Span<const float> batch) {
  RETURN_IF_ERROR(CheckActivations(batch));
  const auto [low, high] = std::minmax_element(batch.begin(), batch.end());
  HfmgHistogram merged(static_cast<int>(counts_.size()));
  merged.empty_ = false;
  merged.min_ = empty_ ? *low : std::min(*low, min());
  const float merged_max = empty_ ? *high : std::max(*high, max());
  merged.width_ =
      (merged_max - merged.min_) / static_cast<float>(counts_.size());
  RETURN_IF_ERROR(CheckActivations({merged.width_, merged.max()}));
  merged.Count(batch);
  if (!empty_) {
    merged.AddBinsOf(*this, std::abs(merged_max - max()) < FLT_EPSILON &&
                                std::abs(merged.min_ - min()) < FLT_EPSILON);
  }
  *this = std::move(merged);
  return absl::OkStatus();
}

absl::StatusOr<RangeFactors> HfmgSearch(const HfmgHistogram& histogram,
                                        int num_bits, bool with_offset) {
  if (histogram.empty()) return CheckActivations({});
  if (num_bits < 2 || num_bits > 16) {
    return BadOption("num_bits", num_bits, "2..16");
  }
  const std::vector<int64_t>& counts = histogram.counts();
  const float width =
      (histogram.max() - histogram.min()) / static_cast<float>(counts.size());
  const float cells = static_cast<float>(1 << num_bits);
  BinRange best{0, 0};
  float best_loss = 0;
  bool found = false;
  for (const BinRange& range : Candidates(counts)) {
    const float loss = RangeLoss(counts, width, range, cells);
    if (found && !(loss < best_loss)) continue;
    found = true;
    best = range;
    best_loss = loss;
  }
  const float min = histogram.min() + static_cast<float>(best.left) * width;
  const float max =
      histogram.min() + static_cast<float>(best.right + 1) * width;
  if (with_offset) return AsymmetricFactors(max, min, num_bits);
  return SymmetricFactors(std::abs(max) > std::abs(min) ? max : min, num_bits);
}

}  // namespace quantd
