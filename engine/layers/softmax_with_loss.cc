// SoftmaxWithLoss: -sum of ln max(p(label), FLT_MIN), p the softmax of bottom
// 0, divided as loss_param.normalization says. Top 1, if there, has p.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/kernels/softmax.h"
#include "engine/layers/checks.h"
#include "engine/layers/labels.h"
#include "engine/layers/loss_layer.h"

namespace quantd {
namespace {

class SoftmaxWithLossLayer : public LossLayer {
 public:
  using LossLayer::LossLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {2, 2}, num_tops, {1, 2});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN(axis_, MakeClassAxis(bottoms[0], bottoms[1],
                                          param().softmax_param().axis()));
    (*tops)[0] = Shape();
    if (tops->size() > 1) (*tops)[1] = bottoms[0];
    return probabilities_.Resize(bottoms[0]);
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* p = probabilities_.data();
    Softmax(bottoms[0]->data(), axis_.outer, axis_.classes, axis_.inner,
            probabilities_.data());
    double sum = 0;
    int64_t num_valid = 0;
    for (int64_t i = 0; i < axis_.num_positions(); ++i) {
      const float value = bottoms[1]->data()[i];
      if (IsIgnored(value)) continue;
      ASSIGN_OR_RETURN(const int64_t label, ClassOf(value, axis_.classes));
      sum -= std::log(std::max(p[axis_.IndexOf(i, label)], FLT_MIN));
      ++num_valid;
    }
    divisor_ = Divisor({axis_.outer, axis_.inner, num_valid});
    *tops[0]->data() = static_cast<float>(sum / divisor_);
    if (tops.size() > 1) {
      std::copy_n(p, probabilities_.num_elements(), tops[1]->data());
    }
    return absl::OkStatus();
  }

  // dx = p - [is the label], also where ln was cut; 0 where ignored. Top 1
  // passes nothing on, as in Caffe.
  absl::Status Backward(const BackwardPass& pass) override {
    const float* labels = pass.bottoms[1]->data();
    const float scale =
        static_cast<float>(*pass.top_diffs[0]->data() / divisor_);
    const float* p = probabilities_.data();
    float* dx = pass.bottom_diffs[0]->data();
    const int64_t n = probabilities_.num_elements();
    for (int64_t i = 0; i < n; ++i) dx[i] = p[i] * scale;
    for (int64_t i = 0; i < axis_.num_positions(); ++i) {
      if (!IsIgnored(labels[i])) {
        ASSIGN_OR_RETURN(const int64_t label,
                         ClassOf(labels[i], axis_.classes));
        dx[axis_.IndexOf(i, label)] -= scale;
        continue;
      }
      for (int64_t c = 0; c < axis_.classes; ++c) dx[axis_.IndexOf(i, c)] = 0;
    }
    return absl::OkStatus();
  }

 private:
  ClassAxis axis_;
  Tensor probabilities_;
  double divisor_ = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeSoftmaxWithLossLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<SoftmaxWithLossLayer>(param, phase);
}

}  // namespace quantd
