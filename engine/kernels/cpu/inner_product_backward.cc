#include "engine/kernels/cpu/inner_product_backward.h"

#include <cstdint>

#include "engine/kernels/cpu/gemm.h"

namespace quantd {
absl::Status InnerProductBackwardData(const Tensor& weights, bool transposed,
                                      const Tensor& diff_dst,
                                      Tensor* diff_src) {
  const int64_t items = diff_dst.shape()[0], outputs = diff_dst.shape()[1];
  const int64_t inputs = diff_src->shape()[1];
  return Gemm({items, inputs, outputs}, {diff_dst.data()},
              {weights.data(), transposed}, 0.0f, diff_src->DataToOverwrite());
}

absl::Status InnerProductBackwardWeights(const Tensor& src, bool transposed,
                                         const Tensor& diff_dst,
                                         Tensor* diff_weights) {
  const int64_t items = diff_dst.shape()[0], outputs = diff_dst.shape()[1];
  const int64_t inputs = src.shape()[1];
  if (transposed) {
    return Gemm({inputs, outputs, items}, {src.data(), true}, {diff_dst.data()},
                1.0f, diff_weights->data());
  }
  return Gemm({outputs, inputs, items}, {diff_dst.data(), true}, {src.data()},
              1.0f, diff_weights->data());
}

void InnerProductBackwardBias(const Tensor& diff_dst, Tensor* diff_bias) {
  const int64_t items = diff_dst.shape()[0], outputs = diff_dst.shape()[1];
  const float* dy = diff_dst.data();
  float* db = diff_bias->data();
  for (int64_t n = 0; n < items; ++n) {
    for (int64_t m = 0; m < outputs; ++m) db[m] += dy[n * outputs + m];
  }
}

}  // namespace quantd
