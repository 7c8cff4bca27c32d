#include "engine/quant/linear_histogram.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/quant/observer_loops.h"

namespace quantd {
namespace {

// Smaller magnitudes all fall into bin 0; no legal scale resolves them.
constexpr int kMinWidthExp = -100;
constexpr size_t kBlock = 1024;
// Bins with this many equal values are taken to hold one value only.
constexpr int64_t kEqualByCount = 64;

// e with 2^(e-1) <= magnitude < 2^e.
int ExponentAbove(float magnitude) {
  int exponent;
  std::frexp(magnitude, &exponent);
  return exponent;
}

// The whole number nearest to `value`, which is not negative.
absl::int128 Whole(double value) {
  constexpr double kEndOfInt64 = 9.0e18;
  return value < kEndOfInt64 ? absl::int128(static_cast<int64_t>(value + 0.5))
                             : absl::int128(std::round(value));
}

}  // namespace

ValueRange LinearHistogram::Add(absl::Span<const float> values) {
  ValueRange all;
  while (!values.empty() && all.finite) {
    const absl::Span<const float> block = values.subspan(0, kBlock);
    const ValueRange range =
        empty() ? FindValueRange(block) : AddIfFitting(block);
    if (range.finite && !Fits(range)) AddGrowing(block, range);
    all.min = std::min(all.min, range.min);
    all.max = std::max(all.max, range.max);
    all.finite = range.finite;
    values.remove_prefix(block.size());
  }
  return all;
}

bool LinearHistogram::Fits(const ValueRange& range) const {
  const float magnitude = std::max(-range.min, range.max);
  if (magnitude == 0.0f) return true;
  return !empty() && ExponentAbove(magnitude) <= width_exp_ + bin_bits_ &&
         (range.min >= 0.0f || num_signs() == 2);
}

ValueRange LinearHistogram::AddIfFitting(absl::Span<const float> values) {
  const BinLayout layout = {num_bins(), std::ldexp(1.0f, -width_exp_),
                            std::ldexp(1.0f, position_bits_)};
  int32_t slot[kBlock + kLocateSlack];
  int32_t position[kBlock + kLocateSlack];
  const LocatedBins found = LocateBins(values, layout, slot, position);
  if (!found.range.finite || !Fits(found.range)) return found.range;
  const int64_t num_found = found.count;
  if (count_bound_ + num_found > max_count()) Spill();
  count_bound_ += num_found;
  Bin* const bins = bins_.data();
  for (int64_t i = 0; i < num_found; ++i) {
    bins[slot[i]] +=
        (uint64_t{1} << kSumBits) + static_cast<uint32_t>(position[i]);
  }
  return found.range;
}

void LinearHistogram::AddGrowing(absl::Span<const float> values,
                                 const ValueRange& range) {
  if (empty()) {
    Start(*std::find_if(values.begin(), values.end(),
                        [](float value) { return value != 0.0f; }));
  }
  if (range.min < 0.0f && num_signs() == 1) {
    bins_.resize(BinLayout::kNumIgnored + 2 * num_bins());
  }
  const float magnitude = std::max(-range.min, range.max);
  if (DoublingsTo(magnitude) <= max_position_bits() - position_bits_) {
    // The unit stays, so it does not matter when the range grows.
    Grow(DoublingsTo(magnitude));
    AddIfFitting(values);
    return;
  }
  while (!values.empty()) {
    const float end = std::ldexp(1.0f, width_exp_ + bin_bits_);
    const size_t fitting =
        std::find_if(values.begin(), values.end(),
                     [end](float value) { return std::abs(value) >= end; }) -
        values.begin();
    AddIfFitting(values.first(fitting));
    values.remove_prefix(fitting);
    if (!values.empty()) Grow(DoublingsTo(values.front()));
  }
}

void LinearHistogram::Start(float first) {
  width_exp_ = std::max(ExponentAbove(first) - bin_bits_, kMinWidthExp);
  position_bits_ = first_position_bits();
  bins_.resize(BinLayout::kNumIgnored + num_bins());
}

int LinearHistogram::DoublingsTo(float value) const {
  return std::max(0, ExponentAbove(value) - (width_exp_ + bin_bits_));
}

void LinearHistogram::Grow(int doublings) {
  while (doublings > 0) {
    if (2 * count_bound_ > max_count()) Spill();
    if (position_bits_ == max_position_bits()) Coarsen(kUnitGrowth);
    int step = std::min(doublings, max_position_bits() - position_bits_);
    while (count_bound_ << step > max_count()) --step;
    MergeBins(step);
    doublings -= step;
  }
}

void LinearHistogram::MergeBins(int doublings) {
  // Bin i starts this many units into the merged one.
  const auto offset = [this, doublings](int i) {
    return static_cast<uint64_t>(i & ((1 << doublings) - 1)) << position_bits_;
  };
  for (int sign = 0; sign < num_signs() && count_bound_ > 0; ++sign) {
    for (int i = 0; i < num_bins(); ++i) {
      const Bin bin = std::exchange(bins_[SlotOf(sign, i)], 0);
      bins_[SlotOf(sign, i >> doublings)] +=
          bin + (bin >> kSumBits) * offset(i);
    }
  }
  std::map<std::pair<int, int>, WideBin> merged_overflow;
  for (const auto& [key, wide] : overflow_) {
    WideBin& target = merged_overflow[{key.first, key.second >> doublings}];
    target.count += wide.count;
    target.sum += wide.sum + absl::uint128(offset(key.second)) * wide.count;
  }
  overflow_ = std::move(merged_overflow);
  width_exp_ += doublings;
  position_bits_ += doublings;
  count_bound_ <<= doublings;
}

void LinearHistogram::Coarsen(int bits) {
  for (Bin& bin : bins_) {
    bin = (bin & ~kSumMask) | ((bin & kSumMask) >> bits);
  }
  for (auto& [key, wide] : overflow_) wide.sum >>= bits;
  position_bits_ -= bits;
}

void LinearHistogram::Spill() {
  const int64_t kept = max_count() / 4;
  for (int sign = 0; sign < num_signs(); ++sign) {
    for (int i = 0; i < num_bins(); ++i) {
      Bin& bin = bins_[SlotOf(sign, i)];
      if (bin >> kSumBits < static_cast<uint64_t>(kept)) continue;
      WideBin& wide = overflow_[{sign, i}];
      wide.count += bin >> kSumBits;
      wide.sum += bin & kSumMask;
      bin = 0;
    }
  }
  count_bound_ = kept;
}

void LinearHistogram::Merge(const LinearHistogram& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  Grow(std::max(0, other.width_exp_ - width_exp_));
  if (other.width_exp_ == width_exp_ &&
      other.position_bits_ == position_bits_ &&
      count_bound_ + other.count_bound_ <= max_count()) {
    AddBins(other);
    return;
  }
  LinearHistogram added = other;
  added.Grow(width_exp_ - added.width_exp_);
  const int finer = position_bits_ - added.position_bits_;
  if (finer > 0) Coarsen(finer);
  if (finer < 0) added.Coarsen(-finer);
  if (count_bound_ + added.count_bound_ > max_count()) {
    Spill();
    added.Spill();
  }
  AddBins(added);
}

void LinearHistogram::AddBins(const LinearHistogram& other) {
  if (bins_.size() < other.bins_.size()) bins_.resize(other.bins_.size());
  for (size_t i = 0; i < other.bins_.size(); ++i) bins_[i] += other.bins_[i];
  for (const auto& [key, wide] : other.overflow_) {
    WideBin& target = overflow_[key];
    target.count += wide.count;
    target.sum += wide.sum;
  }
  count_bound_ += other.count_bound_;
}

HistogramTable::HistogramTable(const LinearHistogram& histogram) {
  unit_ = std::ldexp(1.0, histogram.width_exp_ - histogram.position_bits_);
  bins_per_value_ = std::ldexp(1.0, -histogram.width_exp_);
  units_per_bin_ = int64_t{1} << histogram.position_bits_;
  const std::vector<BinSums> positive = UsedBins(histogram, 0);
  const std::vector<BinSums> negative = UsedBins(histogram, 1);
  DetectDiscrete(positive, negative);
  positive_ = MakeSide(positive);
  negative_ = MakeSide(negative);
}

std::vector<HistogramTable::BinSums> HistogramTable::UsedBins(
    const LinearHistogram& histogram, int sign) {
  if (sign >= histogram.num_signs()) return {};
  std::vector<BinSums> bins(histogram.num_bins());
  size_t num_used = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    const uint64_t bin =
        histogram.bins_[histogram.SlotOf(sign, static_cast<int>(i))];
    bins[i].count = static_cast<int64_t>(bin >> LinearHistogram::kSumBits);
    bins[i].sum = static_cast<int64_t>(bin & LinearHistogram::kSumMask);
    if (bin != 0) num_used = i + 1;
  }
  for (const auto& [key, wide] : histogram.overflow_) {
    if (key.first != sign) continue;
    bins[key.second].count += static_cast<int64_t>(wide.count);
    bins[key.second].sum += static_cast<int64_t>(wide.sum);
    num_used = std::max(num_used, static_cast<size_t>(key.second) + 1);
  }
  bins.resize(num_used);
  return bins;
}

void HistogramTable::DetectDiscrete(absl::Span<const BinSums> positive,
                                    absl::Span<const BinSums> negative) {
  int64_t equal = 0;
  int64_t all = 0;
  for (const absl::Span<const BinSums> bins : {positive, negative}) {
    for (const BinSums& bin : bins) {
      if (bin.count < 4) continue;
      all += bin.count;
      if (bin.HasWholeMean(bin.mean())) equal += bin.count;
    }
  }
  // By chance a quarter at most has a whole mean.
  discrete_ = 2 * equal > all;
}

HistogramTable::Side HistogramTable::MakeSide(
    absl::Span<const BinSums> bins) const {
  if (bins.empty()) return {};
  Side side(bins.size() + 1);
  for (size_t i = 0; i < bins.size(); ++i) {
    const Prefix& begin = side[i];
    Prefix& end = side[i + 1];
    end = begin;
    if (bins[i].count == 0) continue;
    const Spread spread = SpreadOf(bins[i]);
    const absl::int128 edge = static_cast<int64_t>(i) * units_per_bin_;
    const absl::int128 count = bins[i].count;
    const absl::int128 sum = bins[i].sum;
    const double variance = spread.half_width * spread.half_width / 3;
    end.count += bins[i].count;
    end.sum += sum + edge * count;
    end.squares += edge * edge * count + 2 * edge * sum +
                   Whole(static_cast<double>(spread.count) *
                         (spread.mean * spread.mean + variance));
  }
  return side;
}

HistogramTable::BinSums HistogramTable::SumsOf(const Side& side,
                                               int bin) const {
  const int64_t count = side[bin + 1].count - side[bin].count;
  const absl::int128 sum = side[bin + 1].sum - side[bin].sum -
                           absl::int128(bin * units_per_bin_) * count;
  return {count, static_cast<int64_t>(sum)};
}

HistogramTable::Spread HistogramTable::SpreadOf(const BinSums& bin) const {
  Spread spread;
  spread.count = bin.count;
  if (bin.count == 0) return spread;
  spread.mean = bin.mean();
  // Equal values have a whole mean, different ones seldom.
  const bool equal =
      (bin.count == 1 || discrete_ || bin.count >= kEqualByCount) &&
      bin.HasWholeMean(spread.mean);
  if (!equal) {
    spread.half_width = std::min(
        spread.mean, static_cast<double>(units_per_bin_) - spread.mean);
  }
  return spread;
}

HistogramTable::Cut HistogramTable::CutAt(const Side& side,
                                          double magnitude) const {
  const double at = magnitude * bins_per_value_;
  if (at >= NumBins(side)) return {NumBins(side), {}};
  const int bin = static_cast<int>(at);
  const Spread spread = SpreadOf(SumsOf(side, bin));
  const double cut = (at - bin) * static_cast<double>(units_per_bin_);
  const double begin = spread.mean - spread.half_width;
  const double width = 2 * spread.half_width;
  if (spread.count == 0 || cut <= begin) return {bin, {}};
  if (cut >= begin + width) return {bin + 1, {}};
  const double count = static_cast<double>(spread.count);
  const double share = (cut - begin) / width;
  const double mean = (begin + cut) / 2;
  Part part;
  part.count = count * share;
  part.sum = part.count * mean;
  part.squares =
      part.count * (mean * mean + (cut - begin) * (cut - begin) / 12);
  // Values in the wrong cell cost half a bin's spread, times the step, more.
  part.variance =
      count * share * (1 - share) * spread.half_width * spread.half_width;
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
  const int64_t center = static_cast<int64_t>(level + 0.5);
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
  const Cut last = {NumBins(side), {}};
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
  const Spread spread = SpreadOf(SumsOf(side, bin));
  const double share = (static_cast<double>(below - side[bin].count) - 0.5) /
                       static_cast<double>(spread.count);
  const double position =
      std::clamp(spread.mean + (2 * share - 1) * spread.half_width, 0.0,
                 static_cast<double>(units_per_bin_));
  return static_cast<float>(
      (static_cast<double>(bin * units_per_bin_) + position) * unit_);
}

double HistogramTable::CountBelow(const Side& side, double magnitude) const {
  if (side.empty() || magnitude <= 0) return 0.0;
  const Cut cut = CutAt(side, magnitude);
  return static_cast<double>(side[cut.bin].count) + cut.part.count;
}

double HistogramTable::CountWithin(float low, float high) const {
  return CountBelow(positive_, high) - CountBelow(positive_, low) +
         CountBelow(negative_, -low) - CountBelow(negative_, -high);
}

double HistogramTable::SumOfSquares() const {
  double sum = 0.0;
  for (const Side* side : {&positive_, &negative_}) {
    if (!side->empty()) sum += static_cast<double>(side->back().squares);
  }
  return sum * unit_ * unit_;
}

}  // namespace quantd
