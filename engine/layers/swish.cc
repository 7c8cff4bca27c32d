// Swish: y = x / (1 + e^(-beta * x)).
#include <cmath>
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct SwishFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    beta = param.swish_param().beta();
    return absl::OkStatus();
  }
  float Gate(float x) const { return 1 / (1 + std::exp(-beta * x)); }
  float operator()(float x) const { return x * Gate(x); }
  float Derivative(float x) const {
    const float gate = Gate(x);
    return gate + beta * x * gate * (1 - gate);
  }

  float beta = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeSwishLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<UnaryLayer<SwishFunction>>(param, phase);
}

}  // namespace quantd
