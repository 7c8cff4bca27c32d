// TanH: y = tanh(x).
#include <cmath>
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct TanhFunction : UnaryFunction {
  static constexpr Argument kArgument = Argument::kY;

  float operator()(float x) const { return std::tanh(x); }
  float Derivative(float y) const { return 1 - y * y; }
};

}  // namespace

std::unique_ptr<Layer> MakeTanhLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<UnaryLayer<TanhFunction>>(param, phase);
}

}  // namespace quantd
