// Threshold: y = 1 for x > threshold, 0 otherwise (NaN too, as in Caffe).
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct ThresholdFunction : UnaryFunction {
  static constexpr bool kDifferentiable = false;

  absl::Status Init(const caffe::LayerParameter& param) {
    threshold = param.threshold_param().threshold();
    return absl::OkStatus();
  }
  float operator()(float x) const { return x > threshold; }

  float threshold = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeThresholdLayer(const caffe::LayerParameter& param,
                                          caffe::Phase phase) {
  return std::make_unique<UnaryLayer<ThresholdFunction>>(param, phase);
}

}  // namespace quantd
