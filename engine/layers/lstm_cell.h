// One step of an LSTM: c = f cont c' + i g, h = o tanh(c). Gates in the order
// i, f, o (sigmoid), g (tanh).
#ifndef QUANTD_ENGINE_LAYERS_LSTM_CELL_H_
#define QUANTD_ENGINE_LAYERS_LSTM_CELL_H_

#include <cstdint>

namespace quantd {

// Sequences and values of a state.
struct LstmSize {
  int64_t sequences = 0;  // N
  int64_t dim = 0;        // D
};

// From inputs of the gates (N, 4 D), cont (N) and c' (N, D): the gates, which
// may be the inputs' memory and whose f includes cont, c and h.
void LstmStep(const LstmSize& size, const float* inputs, const float* cont,
              const float* c_before, float* gates, float* c, float* h);

// The gradients of the gates' inputs (may be the gates' memory) and of c' (may
// be dc), from those of c and h.
void LstmStepBackward(const LstmSize& size, const float* gates,
                      const float* c_before, const float* c, const float* dc,
                      const float* dh, float* input_diffs, float* dc_before);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_LSTM_CELL_H_
