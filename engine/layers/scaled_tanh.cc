// ScaledTanH: y = alpha * tanh(beta * x).
#include <cmath>
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct ScaledTanhFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    alpha = param.scaled_tanh_param().alpha();
    beta = param.scaled_tanh_param().beta();
    return absl::OkStatus();
  }
  float operator()(float x) const { return alpha * std::tanh(beta * x); }
  float Derivative(float x) const {
    const float t = std::tanh(beta * x);
    return alpha * beta * (1 - t * t);
  }

  float alpha = 0;
  float beta = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeScaledTanhLayer(const caffe::LayerParameter& param,
                                           caffe::Phase phase) {
  return std::make_unique<UnaryLayer<ScaledTanhFunction>>(param, phase);
}

}  // namespace quantd
