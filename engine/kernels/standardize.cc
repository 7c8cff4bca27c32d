#include "engine/kernels/standardize.h"

#include <cmath>

namespace quantd {

void Standardize::Forward(const float* x, float* y, float* factors) const {
#pragma omp parallel for
  for (int64_t row = 0; row < rows; ++row) {
    const float* from = x + row * size;
    float* to = y + row * size;
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < size; ++i) sum += from[i];
    const float mean = static_cast<float>(sum / static_cast<double>(size));
    double squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < size; ++i) {
      const double centered = from[i] - mean;
      squares += centered * centered;
    }
    float factor = 1;
    if (divide) {
      const double variance = squares / static_cast<double>(size);
      const double deviation =
          eps_in_root ? std::sqrt(variance + eps) : std::sqrt(variance) + eps;
      factor = static_cast<float>(1 / deviation);
    }
    factors[row] = factor;
    for (int64_t i = 0; i < size; ++i) to[i] = (from[i] - mean) * factor;
  }
}

void Standardize::Backward(const float* y, const float* factors,
                           const float* dy, float* dx) const {
#pragma omp parallel for
  for (int64_t row = 0; row < rows; ++row) {
    const float* value = y + row * size;
    const float* from = dy + row * size;
    float* to = dx + row * size;
    double sum = 0;
    double products = 0;
#pragma omp simd reduction(+ : sum, products)
    for (int64_t i = 0; i < size; ++i) {
      sum += from[i];
      products += static_cast<double>(from[i]) * value[i];
    }
    const double count = static_cast<double>(size);
    const float mean = static_cast<float>(sum / count);
    const float slope = divide ? static_cast<float>(products / count) : 0;
    for (int64_t i = 0; i < size; ++i) {
      to[i] = factors[row] * (from[i] - mean - value[i] * slope);
    }
  }
}

}  // namespace quantd
