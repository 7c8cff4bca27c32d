// The largest or smallest values of a row, and where they are.
#ifndef QUANTD_ENGINE_KERNELS_RANK_H_
#define QUANTD_ENGINE_KERNELS_RANK_H_

#include <cstdint>
#include <vector>

namespace quantd {

struct RankOrder {
  bool largest_first = true;
  // Of equal values, the one with the larger index comes first.
  bool last_index_first = false;
};

// The indices of the first `k` of `count` values x[0], x[stride], ... in
// `order`; NaN comes last. 0 <= k <= count.
std::vector<int64_t> RankIndices(const float* x, int64_t count, int64_t stride,
                                 int64_t k, RankOrder order);

// Ranks each of the rows of (outer, count, inner) along `count`: calls
// visit(o, i, x's row, RankIndices() of the row), whose values are `inner`
// apart; on several threads with -fopenmp.
template <typename Visit>
void RankRows(const float* x, int64_t outer, int64_t count, int64_t inner,
              int64_t k, const RankOrder& order, const Visit& visit) {
#pragma omp parallel for
  for (int64_t row = 0; row < outer * inner; ++row) {
    const int64_t o = row / inner, i = row % inner;
    const float* from = x + o * count * inner + i;
    visit(o, i, from, RankIndices(from, count, inner, k, order));
  }
}

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_RANK_H_
