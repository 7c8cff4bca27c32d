// Gradients of an inner product, by oneDNN's matrix product.
#ifndef QUANTD_ENGINE_KERNELS_CPU_INNER_PRODUCT_BACKWARD_H_
#define QUANTD_ENGINE_KERNELS_CPU_INNER_PRODUCT_BACKWARD_H_

#include "absl/status/status.h"
#include "engine/core/tensor.h"

namespace quantd {

// Of dst (N, M) = src (N, K) * weights^T + bias (M), where the weights are
// (M, K), or (K, M) if `transposed`. All values are taken in plain order.
// Errors: INTERNAL, DEVICE_ERROR.

// diff_src = diff_dst * weights.
absl::Status InnerProductBackwardData(const Tensor& weights, bool transposed,
                                      const Tensor& diff_dst, Tensor* diff_src);

// diff_weights += diff_dst^T * src, or its transpose.
absl::Status InnerProductBackwardWeights(const Tensor& src, bool transposed,
                                         const Tensor& diff_dst,
                                         Tensor* diff_weights);

// diff_bias += the sum of diff_dst's rows.
void InnerProductBackwardBias(const Tensor& diff_dst, Tensor* diff_bias);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_INNER_PRODUCT_BACKWARD_H_
