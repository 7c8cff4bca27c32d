// Stochastic pooling by its definition (Zeiler and Fergus, 2013): a window's
// pixels stand for probabilities, in proportion to their values.
#ifndef QUANTD_ENGINE_KERNELS_REFERENCE_STOCHASTIC_POOLING_H_
#define QUANTD_ENGINE_KERNELS_REFERENCE_STOCHASTIC_POOLING_H_

#include <cstdint>
#include <vector>

#include "engine/core/tensor.h"
#include "engine/kernels/pool_geometry.h"

namespace quantd {

// For training. Each window of `src` (N, C, H, W) draws one of its pixels: the
// first, row by row, where the sum of the pixels so far reaches `uniform` (of
// dst's shape, in [0, 1)) times the sum of all. `picks` gets its index in
// `src`, one an element of `dst`. Where negative values or NaN keep all sums
// below that, dst is 0 and the index -1.
void StochasticPooling(const PoolGeometry& geometry, const Tensor& src,
                       const std::vector<float>& uniform, Tensor* dst,
                       std::vector<int64_t>* picks);

// Its gradient: overwrites `diff_src`.
void StochasticPoolingBackward(const std::vector<int64_t>& picks,
                               const Tensor& diff_dst, Tensor* diff_src);

// For testing: what a window draws on average, the sum of its squares divided
// by its sum. A window of zeros, or outside the image, gives 0.
void ExpectedPooling(const PoolGeometry& geometry, const Tensor& src,
                     Tensor* dst);

// Its gradient: overwrites `diff_src`.
void ExpectedPoolingBackward(const PoolGeometry& geometry, const Tensor& src,
                             const Tensor& diff_dst, Tensor* diff_src);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_REFERENCE_STOCHASTIC_POOLING_H_
