// ReLU6: y = min(ReLU(x), 6). The slope below 0 is relu6_param's, or
// relu_param's where there is no relu6_param.
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct Relu6Function : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    slope = param.has_relu6_param() ? param.relu6_param().negative_slope()
                                    : param.relu_param().negative_slope();
    return absl::OkStatus();
  }
  float operator()(float x) const {
    const float positive = x < 0 ? 0 : x;
    const float negative = x > 0 ? 0 : x;
    const float y = positive + slope * negative;
    return y > 6 ? 6 : y;
  }
  float Derivative(float x) const {
    return (*this)(x) >= 6 ? 0 : x > 0 ? 1 : slope;
  }

  float slope = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeRelu6Layer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<UnaryLayer<Relu6Function>>(param, phase);
}

}  // namespace quantd
