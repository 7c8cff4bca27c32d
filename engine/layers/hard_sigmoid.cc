// HardSigmoid: y = alpha * x + beta, cut to 0..1.
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct HardSigmoidFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    alpha = param.hard_sigmoid_param().alpha();
    beta = param.hard_sigmoid_param().beta();
    return absl::OkStatus();
  }
  float operator()(float x) const {
    const float v = alpha * x + beta;
    return v < 0 ? 0 : v > 1 ? 1 : v;
  }
  float Derivative(float x) const {
    const float v = alpha * x + beta;
    return v > 0 && v < 1 ? alpha : 0;
  }

  float alpha = 0;
  float beta = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeHardSigmoidLayer(const caffe::LayerParameter& param,
                                            caffe::Phase phase) {
  return std::make_unique<UnaryLayer<HardSigmoidFunction>>(param, phase);
}

}  // namespace quantd
