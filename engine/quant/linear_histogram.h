// Histogram of float magnitudes with exact sums per bin, and the squared error
// of quantizing what it counted.
// Not here: percentiles (top_values.h), which candidates to try (ifmr.h).
#ifndef QUANTD_ENGINE_QUANT_LINEAR_HISTOGRAM_H_
#define QUANTD_ENGINE_QUANT_LINEAR_HISTOGRAM_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/types/span.h"
#include "engine/quant/observer_loops.h"

namespace quantd {

// Counts magnitudes in 2^bin_bits bins per sign over [0, range), range a power
// of two. Each bin has the count and the sum of its values' positions as
// integers, so that they add up in any order and neighbours merge exactly when
// a larger value doubles the range. Zeros are not counted.
//
// A position's unit is 2^-27 of the first value's range, and follows the range
// once that has grown by more than 2^8: then, and only then, the order of the
// values shows, by about 2^-27 of the range.
//
// Threads: compatible, not safe. One per thread, then Merge().
// Memory: 8 bytes per bin, twice that once a negative value came; nothing
//   before the first nonzero value.
class LinearHistogram {
 public:
  // `bin_bits` in [kMinBinBits, kMaxBinBits]. Fewer bins are faster, as they
  // stay in the cache; each bit less makes the costs of a HistogramTable 2.8
  // times less exact (docs/algorithms/ifmr.md).
  static constexpr int kMinBinBits = 12;
  static constexpr int kMaxBinBits = 15;
  explicit LinearHistogram(int bin_bits) : bin_bits_(bin_bits) {}

  // Counts `values` and returns their range; of no use afterwards if they are
  // not all finite.
  ValueRange Add(absl::Span<const float> values);

  // Counts what `other`, of the same bin_bits, counted.
  void Merge(const LinearHistogram& other);

  // Nothing but zeros came.
  bool empty() const { return bins_.empty(); }

 private:
  friend class HistogramTable;

  // Count << kSumBits | sum of the positions, the distances from the bin's
  // lower edge in units.
  using Bin = uint64_t;
  static constexpr int kSumBits = 42;
  static constexpr Bin kSumMask = (Bin{1} << kSumBits) - 1;
  static constexpr int kUnitBits = 27;   // Units of the first range, log2.
  static constexpr int kUnitGrowth = 8;  // Doublings until the unit follows.
  // The same without limits.
  struct WideBin {
    uint64_t count = 0;
    absl::uint128 sum = 0;
  };

  int num_bins() const { return 1 << bin_bits_; }  // Per sign.
  // The units per bin, as a power of two: of the first range, and the most.
  // Sums of max_count() positions of max_position_bits() fit into a Bin.
  int first_position_bits() const { return kUnitBits - bin_bits_; }
  int max_position_bits() const { return first_position_bits() + kUnitGrowth; }
  int64_t max_count() const {
    return (int64_t{1} << (kSumBits - max_position_bits())) - 1;
  }
  // Where bin `bin` of positive (0) or negative (1) values is in bins_.
  int SlotOf(int sign, int bin) const {
    return sign * num_bins() + BinLayout::Slot(bin);
  }
  int num_signs() const { return static_cast<int>(bins_.size()) >> bin_bits_; }
  // Nothing has to grow to count values of this range.
  bool Fits(const ValueRange& range) const;
  // Counts up to kBlock values if they fit; returns their range in any case.
  ValueRange AddIfFitting(absl::Span<const float> values);
  // Counts values of `range`, not all of them zero, and grows as at the very
  // value that needs it: the state does not depend on how the values are cut
  // into calls.
  void AddGrowing(absl::Span<const float> values, const ValueRange& range);
  // Makes the bins, for a range that just holds `first`.
  void Start(float first);
  // How often the range must double to hold `value`.
  int DoublingsTo(float value) const;
  // Doubles the range so often.
  void Grow(int doublings);
  // The same where no bin becomes too full and the unit stays.
  void MergeBins(int doublings);
  // Adds what `other`, of the same range and unit, counted; no bin becomes too
  // full.
  void AddBins(const LinearHistogram& other);
  // Makes the unit 2^bits times coarser.
  void Coarsen(int bits);
  // Moves the sums of well-filled bins to overflow_.
  void Spill();

  int bin_bits_;
  // A bin is 2^width_exp_ wide and has 2^position_bits_ units.
  int width_exp_ = 0;
  int position_bits_ = 0;
  int64_t count_bound_ = 0;  // No bin of bins_ has more values.
  // In the order of BinLayout; without the negative ones until one came.
  std::vector<Bin> bins_;
  // To be added to bins_; by sign and bin.
  std::map<std::pair<int, int>, WideBin> overflow_;
};

// What it costs to quantize the values of a histogram. A snapshot: later
// additions do not show.
//
// Memory: 48 bytes per bin up to the largest magnitude; while it is made, 64.
class HistogramTable {
 public:
  explicit HistogramTable(const LinearHistogram& histogram);

  struct Cost {
    double squared_error = 0.0;  // Summed over all values.
    // Standard deviation to expect of squared_error, as the values of a bin
    // that a rounding boundary cuts are taken to be uniformly distributed.
    double deviation = 0.0;
  };

  // Of replacing each value x by round(clip(x, low, high) / scale) * scale,
  // round half away from zero; low <= 0 <= high, scale > 0.
  Cost QuantizationCost(float scale, float low, float high) const;

  // Magnitude of the rank-th (1-based) largest positive (else the negative one
  // of largest magnitude) value, to within a bin's width; 0 if there are
  // fewer.
  float LargestMagnitude(bool positive, int64_t rank) const;

  // How many of the values that are not zero are in [low, high), with
  // low <= high; a bin that an end cuts counts in part.
  double CountWithin(float low, float high) const;

  // Sum of the squares of all values.
  double SumOfSquares() const;

 private:
  // Sums over all bins of one sign below a bin, of magnitudes in units.
  struct Prefix {
    int64_t count = 0;
    absl::int128 sum = 0;
    absl::int128 squares = 0;
  };
  // Sums over the part of a bin below a cut; positions from its lower edge.
  struct Part {
    double count = 0.0;
    double sum = 0.0;
    double squares = 0.0;
    // Of what the part's values cost in the wrong cell, per squared step.
    double variance = 0.0;
  };
  struct Cut {
    int bin;
    Part part;
  };
  struct BinSums {
    int64_t count = 0;
    int64_t sum = 0;  // Of positions from the bin's lower edge.

    double mean() const {  // With count > 0.
      return static_cast<double>(sum) / static_cast<double>(count);
    }
    // Whether mean(), which the caller has, is exactly a whole number: such a
    // quotient survives its rounding, any other does not multiply back.
    bool HasWholeMean(double mean) const {
      return static_cast<int64_t>(mean + 0.5) * count == sum;
    }
  };
  // The values of one bin, taken to be uniform in mean +- half_width, and
  // all equal if that is 0; positions from the bin's lower edge.
  struct Spread {
    int64_t count = 0;
    double mean = 0.0;
    double half_width = 0.0;
  };
  // One more than there are bins up to the last with a value, or empty.
  using Side = std::vector<Prefix>;
  static int NumBins(const Side& side) {
    return static_cast<int>(side.size()) - 1;
  }

  // The bins of a sign up to the last with a value.
  static std::vector<BinSums> UsedBins(const LinearHistogram& histogram,
                                       int sign);
  // Decides discrete_.
  void DetectDiscrete(absl::Span<const BinSums> positive,
                      absl::Span<const BinSums> negative);
  Side MakeSide(absl::Span<const BinSums> bins) const;
  BinSums SumsOf(const Side& side, int bin) const;
  Spread SpreadOf(const BinSums& bin) const;
  // How many values of a side are below `magnitude`.
  double CountBelow(const Side& side, double magnitude) const;
  // Where `magnitude` cuts the bins.
  Cut CutAt(const Side& side, double magnitude) const;
  // Adds the cost of the values of a side with levels 0..last_level; to
  // cost->deviation the variance.
  void AddSide(const Side& side, float scale, int last_level, Cost* cost) const;
  // Squared error, in units^2, of what is between two cuts if it becomes
  // `level` (in units).
  double CellError(const Side& side, const Cut& begin, const Cut& end,
                   double level) const;

  double unit_ = 1.0;
  double bins_per_value_ = 1.0;  // 1 / a bin's width.
  int64_t units_per_bin_ = 1;
  // Bins mostly hold equal values, as those of images do.
  bool discrete_ = false;
  Side positive_;
  Side negative_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_LINEAR_HISTOGRAM_H_
