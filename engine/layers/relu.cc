// ReLU: y = max(x, 0) + negative_slope * min(x, 0).
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct ReluFunction : UnaryFunction {
  // In place that is y: it has the sign of x unless the slope is negative, as
  // in Caffe.
  static constexpr Argument kArgument = Argument::kBottom;

  absl::Status Init(const caffe::LayerParameter& param) {
    slope = param.relu_param().negative_slope();
    return absl::OkStatus();
  }
  // In a form that vectorizes; NaN stays NaN, -0 becomes 0.
  float operator()(float x) const {
    const float positive = x < 0 ? 0 : x;
    const float negative = x > 0 ? 0 : x;
    return positive + slope * negative;
  }
  float Derivative(float x) const { return x > 0 ? 1 : slope; }

  float slope = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeReluLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<UnaryLayer<ReluFunction>>(param, phase);
}

}  // namespace quantd
