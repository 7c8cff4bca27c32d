#include "engine/quant/linear_histogram.h"

#include <algorithm>
#include <cmath>

namespace quantd {
namespace {

constexpr int kCountShift = 42;
constexpr uint64_t kSumMask = (uint64_t{1} << kCountShift) - 1;
constexpr int kFirstPositionBits = 12;
// Bins of up to kMaxCount values with positions of up to kMaxPositionBits fit
// into a Bin: sum < 2^42, squares < 2^62.
constexpr int kMaxPositionBits = 20;
constexpr int64_t kMaxCount = (int64_t{1} << 22) - 1;
constexpr int64_t kSpillCount = int64_t{1} << 20;
// Smaller magnitudes all fall into bin 0; no legal scale resolves them.
constexpr int kMinWidthExp = -100;
constexpr size_t kBlock = 1024;

// e with 2^(e-1) <= magnitude < 2^e.
int ExponentAbove(float magnitude) {
  int exponent;
  std::frexp(magnitude, &exponent);
  return exponent;
}

}  // namespace

void LinearHistogram::Add(absl::Span<const float> values, float max_magnitude) {
  if (max_magnitude == 0.0f) return;
  while (!values.empty()) {
    // The range grows at the very value that needs it, so that the state does
    // not depend on how the values are cut into calls.
    size_t fitting = values.size();
    if (empty() || ExponentAbove(max_magnitude) > width_exp_ + kBinBits) {
      const float range =
          empty() ? 0.0f : std::ldexp(1.0f, width_exp_ + kBinBits);
      fitting = std::find_if(values.begin(), values.end(),
                             [range](float value) {
                               const float magnitude = std::abs(value);
                               return magnitude != 0.0f && magnitude >= range;
                             }) -
                values.begin();
    }
    if (!empty()) AddInRange(values.first(fitting));
    values.remove_prefix(fitting);
    if (!values.empty()) GrowTo(std::abs(values.front()));
  }
}

void LinearHistogram::AddInRange(absl::Span<const float> values) {
  const float bins_per_value = std::ldexp(1.0f, -width_exp_);
  const float units_per_bin = std::ldexp(1.0f, position_bits_);
  float kept[kBlock];
  int32_t bin[kBlock];
  int32_t position[kBlock];
  for (; !values.empty();
       values.remove_prefix(std::min(kBlock, values.size()))) {
    const absl::Span<const float> block = values.subspan(0, kBlock);
    size_t count = 0;
    bool negative = false;
    for (const float value : block) {
      kept[count] = value;
      count += value != 0.0f;
      negative |= value < 0.0f;
    }
    if (negative) EnsureNegative();
    for (size_t i = 0; i < count; ++i) {
      const float scaled = std::abs(kept[i]) * bins_per_value;
      const int32_t whole = static_cast<int32_t>(scaled);
      position[i] = static_cast<int32_t>((scaled - static_cast<float>(whole)) *
                                         units_per_bin);
      bin[i] = whole | (kept[i] < 0.0f ? kNumBins : 0);
    }
    if (count_bound_ + static_cast<int64_t>(count) > kMaxCount) Spill();
    count_bound_ += static_cast<int64_t>(count);
    Bin* const bins = bins_.data();
    for (size_t i = 0; i < count; ++i) {
      const uint64_t p = static_cast<uint32_t>(position[i]);
      Bin& target = bins[bin[i]];
      target.count_and_sum += (uint64_t{1} << kCountShift) + p;
      target.squares += p * p;
    }
  }
}

void LinearHistogram::GrowTo(float magnitude) {
  const int exponent = ExponentAbove(magnitude);
  if (empty()) {
    width_exp_ = std::max(exponent - kBinBits, kMinWidthExp);
    position_bits_ = kFirstPositionBits;
    bins_.resize(kNumBins);
  }
  while (width_exp_ + kBinBits < exponent) Grow();
}

void LinearHistogram::Grow() {
  if (2 * count_bound_ > kMaxCount) Spill();
  if (position_bits_ == kMaxPositionBits) {
    Coarsen(kMaxPositionBits - kFirstPositionBits);
  }
  // The upper bin of a pair starts this many units into the merged one.
  const uint64_t shift = uint64_t{1} << position_bits_;
  for (int sign = 0; sign < num_signs(); ++sign) {
    Bin* const bins = bins_.data() + sign * kNumBins;
    for (int i = 0; i < kNumBins / 2; ++i) {
      const Bin lower = bins[2 * i];
      const Bin upper = bins[2 * i + 1];
      const uint64_t count = upper.count_and_sum >> kCountShift;
      const uint64_t sum = upper.count_and_sum & kSumMask;
      bins[i].count_and_sum =
          lower.count_and_sum + upper.count_and_sum + count * shift;
      bins[i].squares = lower.squares + upper.squares + 2 * shift * sum +
                        shift * shift * count;
    }
    std::fill(bins + kNumBins / 2, bins + kNumBins, Bin{});
  }
  std::map<int, WideBin> merged;
  for (const auto& [index, wide] : overflow_) {
    const int sign_base = index / kNumBins * kNumBins;
    const uint64_t moved = index % 2 == 1 ? shift : 0;
    WideBin& target = merged[sign_base + index % kNumBins / 2];
    target.count += wide.count;
    target.sum += wide.sum + absl::uint128(moved) * wide.count;
    target.squares += wide.squares + 2 * moved * wide.sum +
                      absl::uint128(moved * moved) * wide.count;
  }
  overflow_ = std::move(merged);
  ++width_exp_;
  ++position_bits_;
  count_bound_ *= 2;
}

void LinearHistogram::Coarsen(int bits) {
  for (Bin& bin : bins_) {
    bin.count_and_sum = (bin.count_and_sum & ~kSumMask) |
                        ((bin.count_and_sum & kSumMask) >> bits);
    bin.squares >>= 2 * bits;
  }
  for (auto& [index, wide] : overflow_) {
    wide.sum >>= bits;
    wide.squares >>= 2 * bits;
  }
  position_bits_ -= bits;
}

void LinearHistogram::Spill() {
  for (size_t i = 0; i < bins_.size(); ++i) {
    const uint64_t count = bins_[i].count_and_sum >> kCountShift;
    if (count < static_cast<uint64_t>(kSpillCount)) continue;
    WideBin& wide = overflow_[static_cast<int>(i)];
    wide.count += count;
    wide.sum += bins_[i].count_and_sum & kSumMask;
    wide.squares += bins_[i].squares;
    bins_[i] = Bin{};
  }
  count_bound_ = kSpillCount;
}

void LinearHistogram::EnsureNegative() {
  if (num_signs() == 1) bins_.resize(2 * kNumBins);
}

void LinearHistogram::Merge(const LinearHistogram& other) {
  if (other.empty()) return;
  LinearHistogram added = other;
  if (empty()) {
    *this = std::move(added);
    return;
  }
  while (width_exp_ < added.width_exp_) Grow();
  while (added.width_exp_ < width_exp_) added.Grow();
  const int finer = position_bits_ - added.position_bits_;
  if (finer > 0) Coarsen(finer);
  if (finer < 0) added.Coarsen(-finer);
  if (count_bound_ + added.count_bound_ > kMaxCount) {
    Spill();
    added.Spill();
  }
  if (added.num_signs() == 2) EnsureNegative();
  for (size_t i = 0; i < added.bins_.size(); ++i) {
    bins_[i].count_and_sum += added.bins_[i].count_and_sum;
    bins_[i].squares += added.bins_[i].squares;
  }
  for (const auto& [index, wide] : added.overflow_) {
    WideBin& target = overflow_[index];
    target.count += wide.count;
    target.sum += wide.sum;
    target.squares += wide.squares;
  }
  count_bound_ += added.count_bound_;
}

HistogramTable::HistogramTable(const LinearHistogram& histogram) {
  constexpr int kNumBins = LinearHistogram::kNumBins;
  unit_ = std::ldexp(1.0, histogram.width_exp_ - histogram.position_bits_);
  bins_per_value_ = std::ldexp(1.0, -histogram.width_exp_);
  units_per_bin_ = int64_t{1} << histogram.position_bits_;
  for (int sign = 0; sign < histogram.num_signs(); ++sign) {
    Side& side = sign == 0 ? positive_ : negative_;
    side.resize(kNumBins + 1);
    for (int i = 0; i < kNumBins; ++i) {
      const int index = sign * kNumBins + i;
      const LinearHistogram::Bin& bin = histogram.bins_[index];
      absl::int128 count = bin.count_and_sum >> kCountShift;
      absl::int128 sum = bin.count_and_sum & kSumMask;
      absl::int128 squares = bin.squares;
      const auto wide = histogram.overflow_.find(index);
      if (wide != histogram.overflow_.end()) {
        count += wide->second.count;
        sum += static_cast<absl::int128>(wide->second.sum);
        squares += static_cast<absl::int128>(wide->second.squares);
      }
      side[i + 1] = side[i];
      if (count == 0) continue;
      const absl::int128 edge = i * units_per_bin_;
      side[i + 1].count += static_cast<int64_t>(count);
      side[i + 1].sum += edge * count + sum;
      side[i + 1].squares += edge * edge * count + 2 * edge * sum + squares;
    }
  }
}

HistogramTable::Spread HistogramTable::BinSpread(const Side& side,
                                                 int bin) const {
  const Prefix& begin = side[bin];
  const Prefix& end = side[bin + 1];
  Spread spread;
  spread.count = end.count - begin.count;
  if (spread.count == 0) return spread;
  const absl::int128 count = spread.count;
  const absl::int128 edge = bin * units_per_bin_;
  const absl::int128 sum = end.sum - begin.sum - edge * count;
  const absl::int128 squares = end.squares - begin.squares -
                               2 * edge * (end.sum - begin.sum) +
                               edge * edge * count;
  const double n = static_cast<double>(spread.count);
  spread.mean = static_cast<double>(sum) / n;
  // Exactly zero if all values are equal.
  spread.variance = static_cast<double>(count * squares - sum * sum) / (n * n);
  return spread;
}

HistogramTable::Cut HistogramTable::CutAt(const Side& side,
                                          double magnitude) const {
  const double at = magnitude * bins_per_value_;
  if (at >= LinearHistogram::kNumBins) return {LinearHistogram::kNumBins, {}};
  const int bin = static_cast<int>(at);
  const Spread spread = BinSpread(side, bin);
  const double cut = (at - bin) * static_cast<double>(units_per_bin_);
  const bool two = spread.count == 2;
  // Two values are known exactly; more are taken to be spread uniformly.
  const double half = std::sqrt(two ? spread.variance : 3 * spread.variance);
  const double begin = spread.mean - half;
  const double end = spread.mean + half;
  if (spread.count == 0 || cut <= begin) return {bin, {}};
  if (cut >= end) return {bin + 1, {}};
  if (two) return {bin, {1.0, begin, begin * begin, 0.0}};
  const double n = static_cast<double>(spread.count);
  const double share = (cut - begin) / (2 * half);
  const double mean = (begin + cut) / 2;
  const double width = cut - begin;
  Part part;
  part.count = n * share;
  part.sum = part.count * mean;
  part.squares = part.count * (mean * mean + width * width / 12);
  // Values in the wrong cell cost half a bin's spread, times the step, more.
  part.variance = n * share * (1 - share) * half * half;
  return {bin, part};
}

double HistogramTable::CellError(const Side& side, const Cut& begin,
                                 const Cut& end, double level) const {
  // Squared error of `part` around `level`.
  const auto part_error = [this, level](const Cut& cut) {
    const double edge = static_cast<double>(cut.bin * units_per_bin_) - level;
    return cut.part.squares + 2 * edge * cut.part.sum +
           edge * edge * cut.part.count;
  };
  double error = 0.0;
  if (end.part.count != 0.0) error += part_error(end);
  if (begin.part.count != 0.0) error -= part_error(begin);
  const Prefix& from = side[begin.bin];
  const Prefix& to = side[end.bin];
  const absl::int128 count = to.count - from.count;
  if (count == 0) return error;
  // Integer moments around the integer nearest to `level`: nothing cancels.
  const int64_t center = std::llround(level);
  const absl::int128 sum = to.sum - from.sum;
  const double first = static_cast<double>(sum - center * count);
  const double second =
      static_cast<double>(to.squares - from.squares - 2 * center * sum +
                          absl::int128(center) * center * count);
  const double shift = level - static_cast<double>(center);
  return error + second - 2 * shift * first +
         shift * shift * static_cast<double>(count);
}

void HistogramTable::AddSide(const Side& side, float scale, int last_level,
                             Cost* cost) const {
  if (side.empty()) return;
  const Cut last = {LinearHistogram::kNumBins, {}};
  const double step = scale / unit_;
  double error = 0.0;
  double variance = 0.0;
  Cut begin = {0, {}};
  for (int r = 0; begin.bin < last.bin; ++r) {
    const Cut end = r < last_level
                        ? CutAt(side, (r + 0.5) * static_cast<double>(scale))
                        : last;
    const float level = static_cast<float>(r) * scale;
    error += CellError(side, begin, end, level / unit_);
    variance += end.part.variance * step * step;
    begin = end;
  }
  cost->squared_error += error * unit_ * unit_;
  cost->deviation += variance * unit_ * unit_ * unit_ * unit_;
}

HistogramTable::Cost HistogramTable::QuantizationCost(float scale, float low,
                                                      float high) const {
  Cost cost;
  AddSide(positive_, scale, static_cast<int>(std::round(high / scale)), &cost);
  AddSide(negative_, scale, static_cast<int>(std::round(-low / scale)), &cost);
  cost.deviation = std::sqrt(cost.deviation);
  return cost;
}

float HistogramTable::LargestMagnitude(bool positive, int64_t rank) const {
  const Side& side = positive ? positive_ : negative_;
  if (side.empty() || side.back().count < rank) return 0.0f;
  // The last bin with fewer than `below` values under its lower edge.
  const int64_t below = side.back().count - rank + 1;
  const auto above = std::lower_bound(
      side.begin(), side.end(), below,
      [](const Prefix& prefix, int64_t count) { return prefix.count < count; });
  const int bin = static_cast<int>(above - side.begin()) - 1;
  const Spread spread = BinSpread(side, bin);
  const double half = std::sqrt(3 * spread.variance);
  const double share = (static_cast<double>(below - side[bin].count) - 0.5) /
                       static_cast<double>(spread.count);
  const double position = std::clamp(spread.mean + (2 * share - 1) * half, 0.0,
                                     static_cast<double>(units_per_bin_));
  return static_cast<float>(
      (static_cast<double>(bin * units_per_bin_) + position) * unit_);
}

}  // namespace quantd
