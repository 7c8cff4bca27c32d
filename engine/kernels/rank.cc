#include "engine/kernels/rank.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace quantd {

std::vector<int64_t> RankIndices(const float* x, int64_t count, int64_t stride,
                                 int64_t k, RankOrder order) {
  const auto before = [&](int64_t a, int64_t b) {
    const float va = x[a * stride];
    const float vb = x[b * stride];
    if (va != vb) {  // Also if one is NaN.
      if (std::isnan(va) != std::isnan(vb)) return std::isnan(vb);
      if (!std::isnan(va)) return order.largest_first ? va > vb : va < vb;
    }
    return order.last_index_first ? a > b : a < b;
  };
  if (k == 1) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; ++i) {
      if (before(i, best)) best = i;
    }
    return {best};
  }
  std::vector<int64_t> indices(count);
  std::iota(indices.begin(), indices.end(), int64_t{0});
  std::partial_sort(indices.begin(), indices.begin() + k, indices.end(),
                    before);
  indices.resize(k);
  return indices;
}

}  // namespace quantd
