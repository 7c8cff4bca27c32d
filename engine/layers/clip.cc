// Clip: y = min(max(x, min), max), both given.
#include <memory>

#include "engine/layers/checks.h"
#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct ClipFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    const caffe::ClipParameter& clip = param.clip_param();
    if (!clip.has_min()) return FieldError("clip_param.min", "is missing");
    if (!clip.has_max()) return FieldError("clip_param.max", "is missing");
    min = clip.min();
    max = clip.max();
    return absl::OkStatus();
  }
  // As Caffe, also where min > max: then y = min.
  float operator()(float x) const {
    const float below = x > max ? max : x;
    return below < min ? min : below;
  }
  float Derivative(float x) const { return x >= min && x <= max; }

  float min = 0;
  float max = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeClipLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<UnaryLayer<ClipFunction>>(param, phase);
}

}  // namespace quantd
