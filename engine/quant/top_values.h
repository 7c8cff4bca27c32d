// The largest values of a stream, exactly.
#ifndef QUANTD_ENGINE_QUANT_TOP_VALUES_H_
#define QUANTD_ENGINE_QUANT_TOP_VALUES_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace quantd {

// Keeps the `capacity` largest positive values of all that were offered.
//
// Threads: compatible, not safe. One per thread, then Merge().
// Memory: at most 8 bytes per value kept, whatever the length of the stream.
// Time: a value that is not above threshold() costs one comparison, the others
//   amortised constant time.
class TopValues {
 public:
  // capacity >= 1.
  explicit TopValues(int64_t capacity) : capacity_(capacity) {}

  // A value up to this cannot change what is kept; never negative. A caller
  // that knows the maximum of a block may skip the block.
  float threshold() const { return threshold_; }

  // Offers sign * v for every v of `values`; sign is 1 or -1. No NaN.
  void Offer(absl::Span<const float> values, float sign);

  // Offers what `other` keeps.
  void Merge(const TopValues& other) { Offer(other.values_, 1.0f); }

  // The rank-th largest of the positive values, 1-based; 0 if there were
  // fewer. rank in [1, capacity].
  float Get(int64_t rank) const;

 private:
  // Drops all but the largest `capacity_` values.
  void Shrink();

  int64_t capacity_;
  float threshold_ = 0.0f;
  std::vector<float> values_;  // Up to 2 * capacity_, in no order.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_TOP_VALUES_H_
