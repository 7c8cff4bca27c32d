// The loops over every activation that calibration sees, compiled for several
// instruction sets and chosen at run time. All give the same bits.
#ifndef QUANTD_ENGINE_QUANT_OBSERVER_LOOPS_H_
#define QUANTD_ENGINE_QUANT_OBSERVER_LOOPS_H_

#include <cstdint>

#include "absl/types/span.h"

namespace quantd {

struct ValueRange {
  float min = 0.0f;  // Zero included.
  float max = 0.0f;
  bool finite = true;  // Without NaN and infinities; else min, max are unset.
};

// Range of `values`.
ValueRange FindValueRange(absl::Span<const float> values);

// A table of bins of equal width: 16 that take the zeros, then num_bins of
// positive values, then num_bins of negative ones. num_bins is a multiple of
// 128.
struct BinLayout {
  static constexpr int32_t kNumIgnored = 16;

  int32_t num_bins;
  float bins_per_value;  // 1 / a bin's width, a power of two.
  float units_per_bin;   // A power of two, at most 2^24.

  // Where bin `bin` of a sign is in the table. Bins at distances of powers of
  // two, as pixels fall into, are spread over the cache's sets.
  static int32_t Slot(int32_t bin) {
    return kNumIgnored + (bin ^ ((bin >> 8) & 0x7f));
  }
};

// For each value its slot in the table and the whole units from its bin's
// lower edge. Magnitudes are below num_bins / bins_per_value. `slot` and
// `position` have the size of `values`.
void LocateBins(absl::Span<const float> values, const BinLayout& layout,
                int32_t* slot, int32_t* position);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_OBSERVER_LOOPS_H_
