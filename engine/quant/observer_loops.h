// The loops over every activation that calibration sees, for several
// instruction sets, chosen at run time.
#ifndef QUANTD_ENGINE_QUANT_OBSERVER_LOOPS_H_
#define QUANTD_ENGINE_QUANT_OBSERVER_LOOPS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace quantd {

enum class InstructionSet { kBaseline, kAvx2, kAvx512 };

// Those that this processor has, the best last.
const std::vector<InstructionSet>& InstructionSets();

struct ValueRange {
  float min = 0.0f;  // Zero included.
  float max = 0.0f;
  bool finite = true;  // Without NaN and infinities; else min, max are unset.
};

// Range of `values`; the same with all of InstructionSets().
ValueRange FindValueRange(absl::Span<const float> values,
                          InstructionSet set = InstructionSets().back());

// A table of bins of equal width: 16 that take the zeros, then num_bins of
// positive values, then num_bins of negative ones. num_bins is a multiple of
// 128.
struct BinLayout {
  static constexpr int32_t kNumIgnored = 16;
  // Bins at distances of powers of two, as pixels fall into, are spread over
  // the cache's sets: their upper bits change the lower ones.
  static constexpr int32_t kSpreadShift = 8;
  static constexpr int32_t kSpread = 0x7f;

  int32_t num_bins;
  float bins_per_value;  // 1 / a bin's width, a power of two.
  float units_per_bin;   // A power of two, at most 2^24.

  // Where bin `bin` of a sign is in the table.
  static int32_t Slot(int32_t bin) {
    return kNumIgnored + (bin ^ ((bin >> kSpreadShift) & kSpread));
  }
};

struct LocatedBins {
  int64_t count = 0;  // How many slots and positions there are.
  ValueRange range;   // Of all values.
};

// For each value its slot in the table and the whole units from its bin's
// lower edge, in the values' order. Zeros may be left out, or lie in the first
// slots: that, and only that, depends on `set`. If a magnitude is not below
// num_bins / bins_per_value, only the range is of use. `slot` and `position`
// have room for kLocateSlack more than there are values.
constexpr int kLocateSlack = 16;
LocatedBins LocateBins(absl::Span<const float> values, const BinLayout& layout,
                       int32_t* slot, int32_t* position,
                       InstructionSet set = InstructionSets().back());

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_OBSERVER_LOOPS_H_
