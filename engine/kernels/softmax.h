// Softmax over one axis.
#ifndef QUANTD_ENGINE_KERNELS_SOFTMAX_H_
#define QUANTD_ENGINE_KERNELS_SOFTMAX_H_

#include <cstdint>

namespace quantd {

// y[o][c][i] = exp(x[o][c][i] - m) / sum over c, m the largest over c, for
// arrays of outer * channels * inner elements. `y` may be `x`.
void Softmax(const float* x, int64_t outer, int64_t channels, int64_t inner,
             float* y);

// The gradient: dx = y * (dy - sum over c of dy * y), y as Softmax() gave it.
// `dx` may be `dy`.
void SoftmaxBackward(const float* y, const float* dy, int64_t outer,
                     int64_t channels, int64_t inner, float* dx);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_SOFTMAX_H_
