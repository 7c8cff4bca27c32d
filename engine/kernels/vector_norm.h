// Vectors divided by their L1 or L2 norm.
#ifndef QUANTD_ENGINE_KERNELS_VECTOR_NORM_H_
#define QUANTD_ENGINE_KERNELS_VECTOR_NORM_H_

#include <cstdint>

namespace quantd {

// y[o][d][i] = x[o][d][i] / norm[o][i], for arrays of outer * dim * inner, with
// norm = sqrt(sum over d of x^2 + eps), or the sum of |x| + eps for L1. A norm
// of 0 gives NaN.
struct VectorNorm {
  int64_t outer = 1;
  int64_t dim = 1;
  int64_t inner = 1;
  float eps = 0;
  bool l1 = false;

  // `y` may be `x`. `norms`: outer * inner, for Backward().
  void Forward(const float* x, float* y, float* norms) const;

  // The gradient from what Forward() wrote. `dx` may be `dy`.
  void Backward(const float* y, const float* norms, const float* dy,
                float* dx) const;

  // Adds the gradient of the norms, where they are a result too, to dx.
  void AddBackwardOfNorms(const float* y, const float* dnorms, float* dx) const;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_VECTOR_NORM_H_
