#include "engine/layers/lstm_cell.h"

#include <cmath>

namespace quantd {
namespace {

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

void LstmStep(const LstmSize& size, const float* inputs, const float* cont,
              const float* c_before, float* gates, float* c, float* h) {
  const int64_t dim = size.dim;
  for (int64_t n = 0; n < size.sequences; ++n) {
    const float* in = inputs + n * 4 * dim;
    float* gate = gates + n * 4 * dim;
    for (int64_t d = 0; d < dim; ++d) {
      const float i = Sigmoid(in[d]);
      // Not multiplied where a sequence starts: what was there may be NaN.
      const bool starts = cont[n] == 0;
      const float f = starts ? 0 : cont[n] * Sigmoid(in[dim + d]);
      const float o = Sigmoid(in[2 * dim + d]);
      const float g = std::tanh(in[3 * dim + d]);
      const int64_t at = n * dim + d;
      const float value = (starts ? 0 : f * c_before[at]) + i * g;
      c[at] = value;
      h[at] = o * std::tanh(value);
      gate[d] = i;
      gate[dim + d] = f;
      gate[2 * dim + d] = o;
      gate[3 * dim + d] = g;
    }
  }
}

void LstmStepBackward(const LstmSize& size, const float* gates,
                      const float* c_before, const float* c, const float* dc,
                      const float* dh, float* input_diffs, float* dc_before) {
  const int64_t dim = size.dim;
  for (int64_t n = 0; n < size.sequences; ++n) {
    const float* gate = gates + n * 4 * dim;
    float* diff = input_diffs + n * 4 * dim;
    for (int64_t d = 0; d < dim; ++d) {
      const int64_t at = n * dim + d;
      const float i = gate[d];
      const float f = gate[dim + d];
      const float o = gate[2 * dim + d];
      const float g = gate[3 * dim + d];
      const float tanh_c = std::tanh(c[at]);
      const float dc_all = dc[at] + dh[at] * o * (1 - tanh_c * tanh_c);
      diff[d] = dc_all * g * i * (1 - i);
      diff[dim + d] = f == 0 ? 0 : dc_all * c_before[at] * f * (1 - f);
      diff[2 * dim + d] = dh[at] * tanh_c * o * (1 - o);
      diff[3 * dim + d] = dc_all * i * (1 - g * g);
      dc_before[at] = dc_all * f;
    }
  }
}

}  // namespace quantd
