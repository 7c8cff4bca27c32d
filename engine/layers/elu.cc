// ELU: y = x for x > 0, alpha * (e^x - 1) otherwise.
#include <cmath>
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct EluFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    alpha = param.elu_param().alpha();
    return absl::OkStatus();
  }
  float operator()(float x) const { return x > 0 ? x : alpha * std::expm1(x); }
  float Derivative(float x) const { return x > 0 ? 1 : alpha * std::exp(x); }

  float alpha = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeEluLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<UnaryLayer<EluFunction>>(param, phase);
}

}  // namespace quantd
