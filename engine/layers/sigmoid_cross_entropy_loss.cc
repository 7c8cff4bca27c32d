// SigmoidCrossEntropyLoss: -sum of t ln p + (1 - t) ln(1 - p), p = sigmoid(x),
// divided as loss_param says (BATCH_SIZE if it is silent). Computed without
// overflow as -x (t - [x >= 0]) + ln(1 + e^-|x|).
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/loss_layer.h"

namespace quantd {
namespace {

class SigmoidCrossEntropyLossLayer : public LossLayer {
 public:
  using LossLayer::LossLayer;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& x = bottoms[0];
    if (x.num_axes() == 0) return BottomError("bottom 0 is a scalar");
    if (x.num_elements() != bottoms[1].num_elements()) {
      return BottomError(absl::StrCat("bottoms 0 (", x.ToString(), ") and 1 (",
                                      bottoms[1].ToString(),
                                      ") must have as many values"));
    }
    positions_ = {x[0], x.Count(1)};
    (*tops)[0] = Shape();
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* x = bottoms[0]->data();
    const float* t = bottoms[1]->data();
    const int64_t n = bottoms[0]->num_elements();
    double sum = 0;
    positions_.num_valid = 0;
    for (int64_t i = 0; i < n; ++i) {
      if (IsIgnored(t[i])) continue;
      const float step = x[i] >= 0 ? 1 : 0;
      sum += std::log1p(std::exp(-std::abs(x[i]))) - x[i] * (t[i] - step);
      ++positions_.num_valid;
    }
    *tops[0]->data() = static_cast<float>(sum / OwnDivisor());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* x = pass.bottoms[0]->data();
    const float* t = pass.bottoms[1]->data();
    float* dx = pass.bottom_diffs[0]->data();
    const float scale =
        static_cast<float>(*pass.top_diffs[0]->data() / OwnDivisor());
    const int64_t n = pass.bottoms[0]->num_elements();
    for (int64_t i = 0; i < n; ++i) {
      const float p = 1 / (1 + std::exp(-x[i]));
      dx[i] = IsIgnored(t[i]) ? 0 : scale * (p - t[i]);
    }
    return absl::OkStatus();
  }

 private:
  double OwnDivisor() const {
    return Divisor(positions_, caffe::LossParameter::BATCH_SIZE);
  }

  Positions positions_;
};

}  // namespace

std::unique_ptr<Layer> MakeSigmoidCrossEntropyLossLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<SigmoidCrossEntropyLossLayer>(param, phase);
}

}  // namespace quantd
