// XLU: ReLU with a slope below 0, cut to 6 (relu6), to `maximum` if that is
// positive and to `minimum` if that is not 0, in this order.
#include <limits>
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct XluFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    const caffe::XLUParameter& p = param.xlu_param();
    slope = p.negative_slope();
    if (p.relu6()) upper = 6;
    if (p.maximum() > 0 && p.maximum() < upper) upper = p.maximum();
    if (p.minimum() != 0) lower = p.minimum();
    return absl::OkStatus();
  }
  float operator()(float x) const {
    const float bent = x < 0 ? slope * x : x;
    const float below = bent > upper ? upper : bent;
    return below < lower ? lower : below;
  }
  float Derivative(float x) const {
    const float y = (*this)(x);
    return y >= upper || y <= lower ? 0 : x > 0 ? 1 : slope;
  }

  float slope = 0;
  float upper = std::numeric_limits<float>::infinity();
  float lower = -std::numeric_limits<float>::infinity();
};

}  // namespace

std::unique_ptr<Layer> MakeXluLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<UnaryLayer<XluFunction>>(param, phase);
}

}  // namespace quantd
