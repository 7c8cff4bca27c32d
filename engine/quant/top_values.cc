#include "engine/quant/top_values.h"

#include <algorithm>
#include <functional>

namespace quantd {

void TopValues::Offer(absl::Span<const float> values, float sign) {
  for (const float value : values) {
    const float offered = sign * value;
    if (!(offered > threshold_)) continue;
    values_.push_back(offered);
    if (static_cast<int64_t>(values_.size()) >= 2 * capacity_) Shrink();
  }
}

float TopValues::Get(int64_t rank) const {
  if (rank > static_cast<int64_t>(values_.size())) return 0.0f;
  std::vector<float> sorted = values_;
  const auto at = sorted.begin() + (rank - 1);
  std::nth_element(sorted.begin(), at, sorted.end(), std::greater<float>());
  return *at;
}

void TopValues::Shrink() {
  const auto last = values_.begin() + (capacity_ - 1);
  std::nth_element(values_.begin(), last, values_.end(), std::greater<float>());
  threshold_ = *last;
  values_.resize(capacity_);
}

}  // namespace quantd
