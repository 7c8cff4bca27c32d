// Log: y = log_base(shift + scale * x); base -1 is e.
#include <cmath>
#include <memory>

#include "engine/layers/checks.h"
#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

struct LogFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    const caffe::LogParameter& p = param.log_param();
    const bool natural = p.base() == -1;
    if (!natural &&
        !(p.base() > 0 && p.base() != 1 && std::isfinite(p.base()))) {
      return FieldError("log_param.base",
                        "is not positive or is 1, and is not -1 (e)");
    }
    factor = natural ? 1 : 1 / std::log(p.base());
    scale = p.scale();
    shift = p.shift();
    return absl::OkStatus();
  }
  float operator()(float x) const {
    return factor * std::log(scale * x + shift);
  }
  float Derivative(float x) const {
    return factor * scale / (scale * x + shift);
  }

  float factor = 1;  // 1 / ln(base).
  float scale = 1;
  float shift = 0;
};

}  // namespace

std::unique_ptr<Layer> MakeLogLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<UnaryLayer<LogFunction>>(param, phase);
}

}  // namespace quantd
