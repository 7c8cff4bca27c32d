// RNN: h = tanh(W_xh x + b_h [+ W_static static] + W_hh cont h'), and the top
// is tanh(W_ho h + b_o). State h. Blobs: as RecurrentLayer, then W_hh (D, D),
// W_ho (D, D), b_o (D).
#include <algorithm>
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/kernels/cpu/gemm.h"
#include "engine/layers/recurrent_layer.h"

namespace quantd {
namespace {

class RnnLayer : public RecurrentLayer {
 public:
  RnnLayer(const caffe::LayerParameter& param, caffe::Phase phase)
      : RecurrentLayer(param, phase, /*num_gates=*/1, /*num_states=*/1) {}

 protected:
  absl::Status AddCellBlobs() override {
    const caffe::RecurrentParameter& p = param().recurrent_param();
    RETURN_IF_ERROR(AddShape({dim(), dim()}, p.weight_filler()));
    RETURN_IF_ERROR(AddShape({dim(), dim()}, p.weight_filler()));
    return AddShape({dim()}, p.bias_filler());
  }

  absl::Status Step(int64_t t, const float* cont) override {
    RecurrentProduct product;
    product.weights = first_cell_blob();
    product.num_rows = dim();
    product.accumulates = true;
    RETURN_IF_ERROR(
        Multiply(product, continued(t), sequences(), gates(t), dim()));
    std::transform(gates(t), gates(t) + sequences() * dim(), state(0, t + 1),
                   [](float v) { return std::tanh(v); });
    return absl::OkStatus();
  }

  absl::Status Output(float* top) override {
    const int64_t rows = steps() * sequences();
    RecurrentProduct product;
    product.weights = first_cell_blob() + 1;
    product.bias = first_cell_blob() + 2;
    product.num_rows = dim();
    RETURN_IF_ERROR(Multiply(product, state(0, 1), rows, top, dim()));
    for (int64_t i = 0; i < rows * dim(); ++i) top[i] = std::tanh(top[i]);
    return absl::OkStatus();
  }

  absl::Status OutputBackward(const float* top, const float* top_diff,
                              float* hidden_diff) override {
    const int64_t rows = steps() * sequences();
    RETURN_IF_ERROR(output_diff_.Resize(Shape({rows, dim()})));
    float* diff = output_diff_.data();
    for (int64_t i = 0; i < rows * dim(); ++i) {
      diff[i] = top_diff[i] * (1 - top[i] * top[i]);
    }
    return Gemm({rows, dim(), dim()}, {diff}, {CellBlob(1).data()}, 0,
                hidden_diff);
  }

  absl::Status StepBackward(int64_t t, const float* cont) override {
    const float* h = state(0, t + 1);
    const int64_t n = sequences() * dim();
    for (int64_t i = 0; i < n; ++i) {
      gate_diffs(t)[i] = state_diff(0)[i] * (1 - h[i] * h[i]);
    }
    RETURN_IF_ERROR(Gemm({sequences(), dim(), dim()}, {gate_diffs(t)},
                         {CellBlob(0).data()}, 0, state_diff(0)));
    for (int64_t i = 0; i < n; ++i) state_diff(0)[i] *= cont[i / dim()];
    return absl::OkStatus();
  }

  absl::Status AddCellBlobDiffs() override {
    const int64_t rows = steps() * sequences();
    const GemmSize size = {dim(), dim(), rows};
    const int first = first_cell_blob();
    const float* diff = output_diff_.data();
    if (WantsBlobDiff(first)) {
      RETURN_IF_ERROR(Gemm(size, {gate_diffs(0), true}, {continued(0)}, 1,
                           blob_diff(first).data()));
    }
    if (WantsBlobDiff(first + 1)) {
      RETURN_IF_ERROR(Gemm(size, {diff, true}, {state(0, 1)}, 1,
                           blob_diff(first + 1).data()));
    }
    if (!WantsBlobDiff(first + 2)) return absl::OkStatus();
    float* bias_diff = blob_diff(first + 2).data();
    for (int64_t i = 0; i < rows * dim(); ++i) bias_diff[i % dim()] += diff[i];
    return absl::OkStatus();
  }

 private:
  const Tensor& CellBlob(int index) const {
    return blobs_[first_cell_blob() + index];
  }

  Tensor output_diff_;  // (T N, D): before the last tanh.
};

}  // namespace

std::unique_ptr<Layer> MakeRnnLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<RnnLayer>(param, phase);
}

}  // namespace quantd
