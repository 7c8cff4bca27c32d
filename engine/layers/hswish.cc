// Hswish, HardSwish: y = x * ReLU6(x + 3) / 6, where ReLU6 has the slope
// hswish_param.negative_slope below 0.
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct HswishFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    slope = param.hswish_param().negative_slope();
    return absl::OkStatus();
  }
  float Gate(float x) const {
    const float v = x + 3;
    const float bent = v < 0 ? slope * v : v;
    return bent > 6 ? 6 : bent;
  }
  float operator()(float x) const { return x * Gate(x) / 6; }
  float Derivative(float x) const {
    const float gate = Gate(x);
    const float bend = gate >= 6 ? 0 : x + 3 > 0 ? 1 : slope;
    return (gate + x * bend) / 6;
  }

  float slope = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeHswishLayer(const caffe::LayerParameter& param,
                                       caffe::Phase phase) {
  return std::make_unique<UnaryLayer<HswishFunction>>(param, phase);
}

}  // namespace quantd
