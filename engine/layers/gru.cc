// GRU: r and z are sigmoids of the gates of x, cont h' and the static input,
// n = tanh(W_x x + b [+ W_static static] + W_h (r cont h')), and
// h = (1 - z) cont h' + z n. Gates in the order r, z, n. State h.
// Blobs: as RecurrentLayer, then W_h (3 D, D).
// Forks that write the gates as z, r, n have other blobs and another h; they
// cannot be told apart by a field but linear_before_reset, which is refused.
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/kernels/cpu/gemm.h"
#include "engine/layers/checks.h"
#include "engine/layers/recurrent_layer.h"

namespace quantd {
namespace {

class GruLayer : public RecurrentLayer {
 public:
  GruLayer(const caffe::LayerParameter& param, caffe::Phase phase)
      : RecurrentLayer(param, phase, /*num_gates=*/3, /*num_states=*/1) {}

 protected:
  absl::Status AddCellBlobs() override {
    if (param().recurrent_param().has_linear_before_reset()) {
      return FieldError("recurrent_param.linear_before_reset",
                        "belongs to another kind of GRU; remove it");
    }
    return AddShape({width(), dim()},
                    param().recurrent_param().weight_filler());
  }

  absl::Status Step(int64_t t, const float* cont) override {
    RETURN_IF_ERROR(reset_.Resize(Shape({steps(), sequences(), dim()})));
    RETURN_IF_ERROR(MultiplyState(continued(t), 0, 2 * dim(), gates(t)));
    ForEachValue([&](int64_t at, int64_t gate) {
      float* r = gates(t) + gate;
      r[0] = Sigmoid(r[0]);
      r[dim()] = Sigmoid(r[dim()]);
      Reset(t)[at] = r[0] * continued(t)[at];
    });
    RETURN_IF_ERROR(
        MultiplyState(Reset(t), 2 * dim(), dim(), gates(t) + 2 * dim()));
    ForEachValue([&](int64_t at, int64_t gate) {
      float& n = gates(t)[gate + 2 * dim()];
      n = std::tanh(n);
      const float z = gates(t)[gate + dim()];
      state(0, t + 1)[at] = (1 - z) * continued(t)[at] + z * n;
    });
    return absl::OkStatus();
  }

  absl::Status StepBackward(int64_t t, const float* cont) override {
    float* dh = state_diff(0);
    float* diffs = gate_diffs(t);
    ForEachValue([&](int64_t at, int64_t gate) {
      const float z = gates(t)[gate + dim()];
      const float n = gates(t)[gate + 2 * dim()];
      diffs[gate + dim()] = dh[at] * (n - continued(t)[at]) * z * (1 - z);
      diffs[gate + 2 * dim()] = dh[at] * z * (1 - n * n);
      dh[at] *= 1 - z;  // From here on of cont h'.
    });
    RETURN_IF_ERROR(reset_diff_.Resize(Shape({sequences(), dim()})));
    RETURN_IF_ERROR(
        Gemm({sequences(), dim(), dim()}, {diffs + 2 * dim(), false, width()},
             {Weights() + 2 * dim() * dim()}, 0, reset_diff_.data()));
    ForEachValue([&](int64_t at, int64_t gate) {
      const float r = gates(t)[gate];
      const float d = reset_diff_.data()[at];
      diffs[gate] = d * continued(t)[at] * r * (1 - r);
      dh[at] += d * r;
    });
    RETURN_IF_ERROR(Gemm({sequences(), dim(), 2 * dim()},
                         {diffs, false, width()}, {Weights()}, 1, dh));
    ForEachValue([&](int64_t at, int64_t) { dh[at] *= cont[at / dim()]; });
    return absl::OkStatus();
  }

  absl::Status AddCellBlobDiffs() override {
    if (!WantsBlobDiff(first_cell_blob())) return absl::OkStatus();
    float* diff = blob_diff(first_cell_blob()).data();
    const int64_t rows = steps() * sequences();
    RETURN_IF_ERROR(Gemm({2 * dim(), dim(), rows},
                         {gate_diffs(0), true, width()}, {continued(0)}, 1,
                         diff));
    return Gemm({dim(), dim(), rows},
                {gate_diffs(0) + 2 * dim(), true, width()}, {reset_.data()}, 1,
                diff + 2 * dim() * dim());
  }

 private:
  static float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

  // Adds `state` (N, D) times rows of W_h to gates.
  absl::Status MultiplyState(const float* state, int64_t first_row,
                             int64_t num_rows, float* gates) {
    RecurrentProduct product;
    product.weights = first_cell_blob();
    product.first_row = first_row;
    product.num_rows = num_rows;
    product.accumulates = true;
    return Multiply(product, state, sequences(), gates, width());
  }

  const float* Weights() const { return blobs_[first_cell_blob()].data(); }
  float* Reset(int64_t t) { return reset_.data() + t * sequences() * dim(); }

  // Calls body(index in (N, D), index of its r in (N, 3 D)).
  template <typename Body>
  void ForEachValue(const Body& body) const {
    for (int64_t n = 0; n < sequences(); ++n) {
      for (int64_t d = 0; d < dim(); ++d) {
        body(n * dim() + d, n * width() + d);
      }
    }
  }

  Tensor reset_;       // (T, N, D): r cont h'.
  Tensor reset_diff_;  // (N, D)
};

}  // namespace

std::unique_ptr<Layer> MakeGruLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<GruLayer>(param, phase);
}

}  // namespace quantd
