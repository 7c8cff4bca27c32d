#include "engine/kernels/vector_norm.h"

#include <cmath>
#include <vector>

namespace quantd {
namespace {

float SignOf(float x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

}  // namespace

void VectorNorm::Forward(const float* x, float* y, float* norms) const {
#pragma omp parallel for
  for (int64_t o = 0; o < outer; ++o) {
    const float* from = x + o * dim * inner;
    float* to = y + o * dim * inner;
    float* norm = norms + o * inner;
    std::vector<double> sums(inner, eps);
    for (int64_t d = 0; d < dim; ++d) {
      const float* row = from + d * inner;
      for (int64_t i = 0; i < inner; ++i) {
        const double v = row[i];
        sums[i] += l1 ? std::abs(v) : v * v;
      }
    }
    for (int64_t i = 0; i < inner; ++i) {
      norm[i] = static_cast<float>(l1 ? sums[i] : std::sqrt(sums[i]));
    }
    for (int64_t d = 0; d < dim; ++d) {
      for (int64_t i = 0; i < inner; ++i) {
        to[d * inner + i] = from[d * inner + i] / norm[i];
      }
    }
  }
}

void VectorNorm::Backward(const float* y, const float* norms, const float* dy,
                          float* dx) const {
#pragma omp parallel for
  for (int64_t o = 0; o < outer; ++o) {
    const float* value = y + o * dim * inner;
    const float* from = dy + o * dim * inner;
    float* to = dx + o * dim * inner;
    const float* norm = norms + o * inner;
    std::vector<double> dots(inner, 0);  // Of y and dy.
    for (int64_t d = 0; d < dim; ++d) {
      for (int64_t i = 0; i < inner; ++i) {
        const int64_t k = d * inner + i;
        dots[i] += static_cast<double>(value[k]) * from[k];
      }
    }
    for (int64_t d = 0; d < dim; ++d) {
      for (int64_t i = 0; i < inner; ++i) {
        const int64_t k = d * inner + i;
        const float direction = l1 ? SignOf(value[k]) : value[k];
        to[k] = (from[k] - direction * static_cast<float>(dots[i])) / norm[i];
      }
    }
  }
}

void VectorNorm::AddBackwardOfNorms(const float* y, const float* dnorms,
                                    float* dx) const {
#pragma omp parallel for
  for (int64_t row = 0; row < outer * dim; ++row) {
    const float* value = y + row * inner;
    const float* from = dnorms + row / dim * inner;
    float* to = dx + row * inner;
    for (int64_t i = 0; i < inner; ++i) {
      to[i] += from[i] * (l1 ? SignOf(value[i]) : value[i]);
    }
  }
}

}  // namespace quantd
