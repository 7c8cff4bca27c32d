// Rows of an array brought to mean 0 and, if wanted, variance 1.
#ifndef QUANTD_ENGINE_KERNELS_STANDARDIZE_H_
#define QUANTD_ENGINE_KERNELS_STANDARDIZE_H_

#include <cstdint>

namespace quantd {

// y = (x - mean) * factor, the mean and the biased variance of each row, with
// factor = 1, 1 / sqrt(variance + eps) or 1 / (sqrt(variance) + eps).
struct Standardize {
  int64_t rows = 0;
  int64_t size = 0;  // Of one row.
  float eps = 0;
  bool divide = true;  // False: factor is 1.
  bool eps_in_root = true;

  // `y` may be `x`. `factors`: one a row, for Backward().
  void Forward(const float* x, float* y, float* factors) const;

  // The gradient from what Forward() wrote, `y` and `factors`: dx = factor *
  // (dy - mean(dy) - y * mean(dy * y)), as Caffe, which takes the eps beside a
  // root for part of it. `dx` may be `dy`.
  void Backward(const float* y, const float* factors, const float* dy,
                float* dx) const;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_STANDARDIZE_H_
