// Sigmoid: y = 1 / (1 + exp(-x)), as 0.5 * tanh(0.5 * x) + 0.5.
#include <cmath>
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct SigmoidFunction : UnaryFunction {
  static constexpr Argument kArgument = Argument::kY;

  float operator()(float x) const { return 0.5f * std::tanh(0.5f * x) + 0.5f; }
  float Derivative(float y) const { return y * (1 - y); }
};

}  // namespace

std::unique_ptr<Layer> MakeSigmoidLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<UnaryLayer<SigmoidFunction>>(param, phase);
}

}  // namespace quantd
