// SeLU: y = lambda * x for x > 0, lambda * alpha * (e^x - 1) otherwise.
#include <cmath>
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct SeluFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    lambda = param.selu_param().lambda();
    alpha = param.selu_param().alpha();
    return absl::OkStatus();
  }
  float operator()(float x) const {
    return lambda * (x > 0 ? x : alpha * std::expm1(x));
  }
  float Derivative(float x) const {
    return lambda * (x > 0 ? 1 : alpha * std::exp(x));
  }

  float lambda = 1;
  float alpha = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeSeluLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<UnaryLayer<SeluFunction>>(param, phase);
}

}  // namespace quantd
