#include "engine/kernels/softmax.h"

#include <algorithm>
#include <cmath>

namespace quantd {

void Softmax(const float* x, int64_t outer, int64_t channels, int64_t inner,
             float* y) {
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      const int64_t begin = o * channels * inner + i;
      const int64_t end = begin + channels * inner;
      if (channels == 0) continue;
      float max = x[begin];
      for (int64_t j = begin; j < end; j += inner) max = std::max(max, x[j]);
      double sum = 0;
      for (int64_t j = begin; j < end; j += inner) {
        y[j] = std::exp(x[j] - max);
        sum += y[j];
      }
      for (int64_t j = begin; j < end; j += inner) {
        y[j] = static_cast<float>(y[j] / sum);
      }
    }
  }
}

void SoftmaxBackward(const float* y, const float* dy, int64_t outer,
                     int64_t channels, int64_t inner, float* dx) {
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      const int64_t begin = o * channels * inner + i;
      const int64_t end = begin + channels * inner;
      double sum = 0;
      for (int64_t j = begin; j < end; j += inner) sum += dy[j] * y[j];
      for (int64_t j = begin; j < end; j += inner) {
        dx[j] = y[j] * (dy[j] - static_cast<float>(sum));
      }
    }
  }
}

}  // namespace quantd
