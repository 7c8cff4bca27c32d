// SmoothL1Loss (Fast R-CNN): sum of out * f(in * (x - t)) / N, N the first
// dimension, where f(d) = (sigma * d)^2 / 2 for |d| < 1 / sigma^2, else |d| -
// 0.5 / sigma^2. Bottoms: x, t and, all of their shape, the inside weights in
// (1 without) and the outside weights out (1 without).
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/loss_layer.h"

namespace quantd {
namespace {

class SmoothL1LossLayer : public LossLayer {
 public:
  using LossLayer::LossLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {2, 4}, num_tops, {1, 1}));
    const float sigma = param().smooth_l1_loss_param().sigma();
    sigma2_ = sigma * sigma;
    if (sigma2_ > 0 && std::isfinite(sigma2_)) return absl::OkStatus();
    return FieldError("smooth_l1_loss_param.sigma",
                      absl::StrCat("is ", sigma,
                                   "; its square must be above "
                                   "0 and finite"));
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    for (size_t i = 1; i < bottoms.size(); ++i) {
      if (bottoms[i] == bottoms[0]) continue;
      return BottomError(
          absl::StrCat("bottom ", i, " has shape ", bottoms[i].ToString(),
                       ", but bottom 0 has ", bottoms[0].ToString()));
    }
    (*tops)[0] = Shape();
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    double sum = 0;
    for (int64_t i = 0; i < bottoms[0]->num_elements(); ++i) {
      const Term term = TermOf(bottoms, i);
      sum += term.outside * ValueOf(term.difference);
    }
    *tops[0]->DataToOverwrite() = static_cast<float>(sum / NumItems(bottoms));
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const double factor = *pass.top_diffs[0]->data() / NumItems(pass.bottoms);
    for (int bottom = 0; bottom < 2; ++bottom) {
      if (pass.bottom_diffs[bottom] == nullptr) continue;
      float* dx = pass.bottom_diffs[bottom]->data();
      const double sign = bottom == 0 ? factor : -factor;
      for (int64_t i = 0; i < pass.bottoms[0]->num_elements(); ++i) {
        const Term term = TermOf(pass.bottoms, i);
        dx[i] = static_cast<float>(sign * term.inside * term.outside *
                                   SlopeOf(term.difference));
      }
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return bottom < 2; }

 private:
  struct Term {
    float difference;  // Weighted.
    float inside;
    float outside;
  };

  static Term TermOf(Bottoms bottoms, int64_t i) {
    const float inside = bottoms.size() > 2 ? bottoms[2]->data()[i] : 1;
    const float outside = bottoms.size() > 3 ? bottoms[3]->data()[i] : 1;
    return {inside * (bottoms[0]->data()[i] - bottoms[1]->data()[i]), inside,
            outside};
  }

  float ValueOf(float d) const {
    const float size = std::abs(d);
    return size < 1 / sigma2_ ? 0.5f * sigma2_ * d * d : size - 0.5f / sigma2_;
  }

  float SlopeOf(float d) const {
    if (std::abs(d) < 1 / sigma2_) return sigma2_ * d;
    return d > 0 ? 1 : -1;
  }

  static double NumItems(Bottoms bottoms) {
    const Shape& shape = bottoms[0]->shape();
    const int64_t items = shape.num_axes() == 0 ? 1 : shape[0];
    return static_cast<double>(std::max<int64_t>(items, 1));
  }

  float sigma2_ = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeSmoothL1LossLayer(const caffe::LayerParameter& param,
                                             caffe::Phase phase) {
  return std::make_unique<SmoothL1LossLayer>(param, phase);
}

}  // namespace quantd
