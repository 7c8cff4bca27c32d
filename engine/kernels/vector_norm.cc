#include "engine/kernels/vector_norm.h"

#include <algorithm>
#include <cmath>

namespace quantd {
namespace {

// Vectors beside each other that one thread takes, with their sums on its
// stack.
constexpr int64_t kBlock = 256;

float SignOf(float x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

// Calls visit(first element, first vector, number of vectors) for blocks of
// vectors whose elements are beside each other.
template <typename Visit>
void ForEachBlock(const VectorNorm& norm, const Visit& visit) {
  const int64_t blocks = (norm.inner + kBlock - 1) / kBlock;
#pragma omp parallel for
  for (int64_t block = 0; block < norm.outer * blocks; ++block) {
    const int64_t o = block / blocks;
    const int64_t begin = block % blocks * kBlock;
    visit(o * norm.dim * norm.inner + begin, o * norm.inner + begin,
          std::min(kBlock, norm.inner - begin));
  }
}

}  // namespace

void VectorNorm::Forward(const float* x, float* y, float* norms) const {
  ForEachBlock(*this, [&](int64_t element, int64_t vector, int64_t count) {
    double sums[kBlock];
    std::fill_n(sums, count, eps);
    for (int64_t d = 0; d < dim; ++d) {
      const float* from = x + element + d * inner;
      for (int64_t i = 0; i < count; ++i) {
        const double v = from[i];
        sums[i] += l1 ? std::abs(v) : v * v;
      }
    }
    float* norm = norms + vector;
    for (int64_t i = 0; i < count; ++i) {
      norm[i] = static_cast<float>(l1 ? sums[i] : std::sqrt(sums[i]));
    }
    for (int64_t d = 0; d < dim; ++d) {
      const int64_t begin = element + d * inner;
      for (int64_t i = 0; i < count; ++i) y[begin + i] = x[begin + i] / norm[i];
    }
  });
}

void VectorNorm::Backward(const float* y, const float* norms, const float* dy,
                          float* dx) const {
  ForEachBlock(*this, [&](int64_t element, int64_t vector, int64_t count) {
    double dots[kBlock];  // Of y and dy.
    std::fill_n(dots, count, 0.0);
    for (int64_t d = 0; d < dim; ++d) {
      const int64_t begin = element + d * inner;
      for (int64_t i = 0; i < count; ++i) {
        dots[i] += static_cast<double>(y[begin + i]) * dy[begin + i];
      }
    }
    const float* norm = norms + vector;
    for (int64_t d = 0; d < dim; ++d) {
      const int64_t begin = element + d * inner;
      for (int64_t i = 0; i < count; ++i) {
        const float value = y[begin + i];
        const float direction = l1 ? SignOf(value) : value;
        const float along = direction * static_cast<float>(dots[i]);
        dx[begin + i] = (dy[begin + i] - along) / norm[i];
      }
    }
  });
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
