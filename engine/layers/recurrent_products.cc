#include "engine/layers/recurrent_products.h"

#include <algorithm>

#include "engine/kernels/cpu/gemm.h"

namespace quantd {

absl::Status FloatRecurrentProducts::Multiply(const RecurrentProduct& product,
                                              const float* items,
                                              int64_t num_items, float* out,
                                              int64_t out_stride) {
  const Tensor& weights = blobs_[product.weights];
  const int64_t depth = weights.shape().Count(1);
  if (product.bias >= 0) {
    const float* bias = blobs_[product.bias].data() + product.first_row;
    for (int64_t m = 0; m < num_items; ++m) {
      std::copy_n(bias, product.num_rows, out + m * out_stride);
    }
  }
  const bool adds = product.accumulates || product.bias >= 0;
  return Gemm({num_items, product.num_rows, depth, out_stride}, {items},
              {weights.data() + product.first_row * depth, true}, adds ? 1 : 0,
              out);
}

}  // namespace quantd
