// LSTM: c = f cont c' + i g, h = o tanh(c); gates of x, cont h' and the static
// input in the order i, f, o, g. States h and c.
// Blobs: as RecurrentLayer, then W_hc (4 D, D).
#include <memory>

#include "base/status_macros.h"
#include "engine/kernels/cpu/gemm.h"
#include "engine/layers/lstm_cell.h"
#include "engine/layers/recurrent_layer.h"

namespace quantd {
namespace {

class LstmLayer : public RecurrentLayer {
 public:
  LstmLayer(const caffe::LayerParameter& param, caffe::Phase phase)
      : RecurrentLayer(param, phase, /*num_gates=*/4, /*num_states=*/2) {}

 protected:
  absl::Status AddCellBlobs() override {
    return AddShape({width(), dim()},
                    param().recurrent_param().weight_filler());
  }

  absl::Status Step(int64_t t, const float* cont) override {
    RecurrentProduct product;
    product.weights = first_cell_blob();
    product.num_rows = width();
    product.accumulates = true;
    RETURN_IF_ERROR(
        Multiply(product, continued(t), sequences(), gates(t), width()));
    LstmStep({sequences(), dim()}, gates(t), cont, state(1, t), gates(t),
             state(1, t + 1), state(0, t + 1));
    return absl::OkStatus();
  }

  absl::Status StepBackward(int64_t t, const float* cont) override {
    LstmStepBackward({sequences(), dim()}, gates(t), state(1, t),
                     state(1, t + 1), state_diff(1), state_diff(0),
                     gate_diffs(t), state_diff(1));
    RETURN_IF_ERROR(Gemm({sequences(), dim(), width()}, {gate_diffs(t)},
                         {Weights().data()}, 0, state_diff(0)));
    for (int64_t i = 0; i < sequences() * dim(); ++i) {
      state_diff(0)[i] *= cont[i / dim()];
    }
    return absl::OkStatus();
  }

  absl::Status AddCellBlobDiffs() override {
    if (!WantsBlobDiff(first_cell_blob())) return absl::OkStatus();
    return Gemm({width(), dim(), steps() * sequences()}, {gate_diffs(0), true},
                {continued(0)}, 1, blob_diff(first_cell_blob()).data());
  }

 private:
  const Tensor& Weights() const { return blobs_[first_cell_blob()]; }
};

}  // namespace

std::unique_ptr<Layer> MakeLstmLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<LstmLayer>(param, phase);
}

}  // namespace quantd
