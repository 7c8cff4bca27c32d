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

// Counts magnitudes in 2^15 bins per sign over [0, range), range a power of
// two. Each bin has the count and the sum of its values' positions as
// integers, so that they add up in any order and neighbours merge exactly when
// a larger value doubles the range. Zeros are not counted.
//
// A position's unit is 2^-27 of the first value's range, and follows the range
// once that has grown by more than 2^8: then, and only then, the order of the
// values shows, by about 2^-27 of the range.
//
// Threads: compatible, not safe. One per thread, then Merge().
// Memory: 0.25 MiB, 0.5 MiB once a negative value came; nothing before the
//   first nonzero value.
class LinearHistogram {
 public:
  static constexpr int kBinBits = 15;
  static constexpr int kNumBins = 1 << kBinBits;  // Per sign.

  // Counts `values`, all finite and in [min, max], with min <= 0 <= max.
  void Add(absl::Span<const float> values, float min, float max);

  // Counts what `other` counted.
  void Merge(const LinearHistogram& other);

  // Nothing but zeros came.
  bool empty() const { return bins_.empty(); }

 private:
  friend class HistogramTable;

  // Count << 42 | sum of the positions, the distances from the bin's lower
  // edge in units.
  using Bin = uint64_t;
  // The same without limits.
  struct WideBin {
    uint64_t count = 0;
    absl::uint128 sum = 0;
  };

  // Where bin `bin` of positive (0) or negative (1) values is in bins_.
  static int SlotOf(int sign, int bin) {
    return sign * kNumBins + BinLayout::Slot(bin);
  }
  int num_signs() const { return static_cast<int>(bins_.size()) / kNumBins; }
  // As Add, for magnitudes below the range.
  void AddInRange(absl::Span<const float> values);
  // Widens the range to hold `magnitude`.
  void GrowTo(float magnitude);
  // Doubles the range.
  void Grow();
  // Makes the unit 2^bits times coarser.
  void Coarsen(int bits);
  // Moves the sums of well-filled bins to overflow_.
  void Spill();

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
// Memory: 1.5 MiB per sign.
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
    int64_t count;
    int64_t sum;  // Of positions from the bin's lower edge.
  };
  // The values of one bin, taken to be uniform in mean +- half_width, and
  // all equal if that is 0; positions from the bin's lower edge.
  struct Spread {
    int64_t count = 0;
    double mean = 0.0;
    double half_width = 0.0;
  };
  using Side = std::vector<Prefix>;  // kNumBins + 1, or empty.

  Side MakeSide(const LinearHistogram& histogram, int sign) const;
  // Decides discrete_.
  void DetectDiscrete();
  // Adds the squares to counts and sums.
  void AddSquares(Side* side) const;
  BinSums SumsOf(const Side& side, int bin) const;
  Spread SpreadOf(const Side& side, int bin) const;
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
