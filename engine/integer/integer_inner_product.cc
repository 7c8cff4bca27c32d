#include "engine/integer/integer_inner_product.h"

#include <algorithm>

namespace quantd {

IntegerInnerProduct::IntegerInnerProduct(int64_t num_in, int64_t num_out,
                                         bool transposed,
                                         const IntegerRange& range,
                                         absl::Span<const int8_t> weights)
    : range_(range), weights_(num_out, num_in) {
  for (int64_t n = 0; n < num_out; ++n) {
    int64_t sum = 0;
    for (int64_t k = 0; k < num_in; ++k) {
      const int8_t w = weights[transposed ? k * num_out + n : n * num_in + k];
      weights_.row(n)[k] = w;
      sum += w;
    }
    zero_sums_.push_back(sum * range.offset);
  }
}

void IntegerInnerProduct::Run(const int16_t* codes, int64_t num_items,
                              int64_t* sums) const {
  IntegerMatrix items(num_items, weights_.num_columns);
  for (int64_t m = 0; m < num_items; ++m) {
    std::copy_n(codes + m * weights_.num_columns, weights_.num_columns,
                items.row(m));
  }
  IntegerGemm(items, num_items, weights_, range_.num_bits, sums);
  for (int64_t m = 0; m < num_items; ++m) {
    for (int64_t n = 0; n < weights_.num_rows; ++n) {
      sums[m * weights_.num_rows + n] -= zero_sums_[n];
    }
  }
}

}  // namespace quantd
