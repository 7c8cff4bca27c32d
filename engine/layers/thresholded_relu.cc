// ThresholdedReLU: y = x for x > alpha, 0 otherwise.
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct ThresholdedReluFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    alpha = param.thresholded_relu_param().alpha();
    return absl::OkStatus();
  }
  float operator()(float x) const { return x <= alpha ? 0 : x; }
  float Derivative(float x) const { return x > alpha; }

  float alpha = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeThresholdedReluLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<UnaryLayer<ThresholdedReluFunction>>(param, phase);
}

}  // namespace quantd
