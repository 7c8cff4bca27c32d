// HFMG: scale and offset of activations from a histogram, searched for the
// range whose 2^n cells lose least. AMCT's, not of SS928's tools.
// Source of the formulas: AMCT's HFMG, in float32. Where its distance of a bin
// left of the range wraps around, ours is negative.
#ifndef QUANTD_ENGINE_QUANT_HFMG_H_
#define QUANTD_ENGINE_QUANT_HFMG_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/quant/range_factors.h"

namespace quantd {

// A histogram with bins of equal width over all values so far.
class HfmgHistogram {
 public:
  // Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE for num_bins outside
  // 1..65536.
  static absl::StatusOr<HfmgHistogram> Create(int num_bins);

  // Adds a batch. Values outside the present range widen it: a bin that lies in
  // two of the new ones is split in proportion. The result depends on the
  // order of the batches. Without any width all values are in the middle bin.
  // Errors: FAILED_PRECONDITION: ACTIVATION_EMPTY, ACTIVATION_NOT_FINITE; also
  // for a range that float32 cannot hold.
  absl::Status Add(absl::Span<const float> batch);

  const std::vector<int64_t>& counts() const { return counts_; }
  // The lower end of the first bin, and the upper end of the last, which
  // rounding may move off the largest value. 0 without values.
  float min() const { return LowerEnd(0); }
  float max() const { return LowerEnd(static_cast<int64_t>(counts_.size())); }
  bool empty() const { return empty_; }

 private:
  explicit HfmgHistogram(int num_bins) : counts_(num_bins, 0) {}

  // Of bin `bin`, and so the upper end of the one before it.
  float LowerEnd(int64_t bin) const {
    return min_ + static_cast<float>(bin) * width_;
  }
  void Count(absl::Span<const float> batch);
  void AddBinsOf(const HfmgHistogram& other, bool same_range);

  std::vector<int64_t> counts_;
  float min_ = 0;
  float width_ = 0;  // Of a bin.
  bool empty_ = true;
};

// Factors of the best range. The candidates shrink the whole range by the side
// whose next 1e-5 of the values take more bins (a tie: the right one) until a
// quarter of the bins is left; the first with the least loss wins.
// Errors: those of MinMaxFactors(); FAILED_PRECONDITION / ACTIVATION_EMPTY for
// an empty histogram.
absl::StatusOr<RangeFactors> HfmgSearch(const HfmgHistogram& histogram,
                                        int num_bits, bool with_offset);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_HFMG_H_
