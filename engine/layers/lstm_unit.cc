// LSTMUnit: one step of an LSTM (lstm_cell.h). Bottoms c' (1, N, D), the inputs
// of the gates i, f, o, g (1, N, 4 D), and cont (1, N); tops c and h.
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/lstm_cell.h"

namespace quantd {
namespace {

class LstmUnitLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {3, 3}, num_tops, {2, 2});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& c = bottoms[0];
    if (c.num_axes() != 3 || c[0] != 1) {
      return BottomError(absl::StrCat("bottom 0 (", c.ToString(),
                                      ") must be 1 x sequences x values"));
    }
    size_ = {c[1], c[2]};
    ASSIGN_OR_RETURN(const Shape gates, Shape::Create({1, c[1], 4 * c[2]}));
    if (bottoms[1] != gates || bottoms[2] != Shape({1, c[1]})) {
      return BottomError(absl::StrCat("bottoms 1 (", bottoms[1].ToString(),
                                      ") and 2 (", bottoms[2].ToString(),
                                      ") must be ", gates.ToString(), " and 1x",
                                      c[1], " for a state of ", c.ToString()));
    }
    (*tops)[0] = c;
    (*tops)[1] = c;
    return gates_.Resize(gates);
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    LstmStep(size_, bottoms[1]->data(), bottoms[2]->data(), bottoms[0]->data(),
             gates_.data(), tops[0]->data(), tops[1]->data());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    // What nobody wants goes to memory of our own.
    RETURN_IF_ERROR(state_diff_.Resize(pass.bottoms[0]->shape()));
    RETURN_IF_ERROR(gate_diffs_.Resize(gates_.shape()));
    Tensor* dc = pass.bottom_diffs[0] ? pass.bottom_diffs[0] : &state_diff_;
    Tensor* dgates = pass.bottom_diffs[1] ? pass.bottom_diffs[1] : &gate_diffs_;
    LstmStepBackward(size_, gates_.data(), pass.bottoms[0]->data(),
                     pass.tops[0]->data(), pass.top_diffs[0]->data(),
                     pass.top_diffs[1]->data(), dgates->data(), dc->data());
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return bottom != 2; }

 private:
  LstmSize size_;
  Tensor gates_;
  Tensor state_diff_;
  Tensor gate_diffs_;
};

}  // namespace

std::unique_ptr<Layer> MakeLstmUnitLayer(const caffe::LayerParameter& param,
                                         caffe::Phase phase) {
  return std::make_unique<LstmUnitLayer>(param, phase);
}

}  // namespace quantd
