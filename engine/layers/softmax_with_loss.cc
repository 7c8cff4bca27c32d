// SoftmaxWithLoss: -sum of ln max(p(label), FLT_MIN), p the softmax of bottom
// 0, divided as loss_param.normalization says. Top 1, if there, has p.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <memory>

#include "engine/layers/checks.h"
#include "engine/layers/softmax_loss_layer.h"

namespace quantd {
namespace {

class SoftmaxWithLossLayer : public SoftmaxLossLayer {
 public:
  using SoftmaxLossLayer::SoftmaxLossLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {2, 2}, num_tops, {1, 2});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    return ReshapeAlong(param().softmax_param().axis(), bottoms, tops);
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    return SumLosses(
        bottoms, tops, [this](int64_t i, int64_t label, double* sum) {
          const float* p = probabilities().data();
          *sum -= std::log(std::max(p[axis().IndexOf(i, label)], FLT_MIN));
        });
  }

  // dx = p - [is the label], also where ln was cut; 0 where ignored.
  absl::Status Backward(const BackwardPass& pass) override {
    const float scale = ScaleOf(pass);
    const float* p = probabilities().data();
    float* dx = pass.bottom_diffs[0]->data();
    const int64_t n = probabilities().num_elements();
    for (int64_t i = 0; i < n; ++i) dx[i] = p[i] * scale;
    return WriteGradients(pass, [&](int64_t i, int64_t label) {
      dx[axis().IndexOf(i, label)] -= scale;
    });
  }
};

}  // namespace

std::unique_ptr<Layer> MakeSoftmaxWithLossLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<SoftmaxWithLossLayer>(param, phase);
}

}  // namespace quantd
