// Exp: y = base ^ (shift + scale * x); base -1 is e.
#include <cmath>
#include <memory>

#include "engine/layers/checks.h"
#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

// y = outer * e^(inner * x), as Caffe computes it.
struct ExpFunction : UnaryFunction {
  absl::Status Init(const caffe::LayerParameter& param) {
    const caffe::ExpParameter& p = param.exp_param();
    const bool natural = p.base() == -1;
    if (!natural && !(p.base() > 0 && std::isfinite(p.base()))) {
      return FieldError("exp_param.base", "is not positive, nor -1 (e)");
    }
    inner = (natural ? 1 : std::log(p.base())) * p.scale();
    outer = natural ? std::exp(p.shift()) : std::pow(p.base(), p.shift());
    return absl::OkStatus();
  }
  float operator()(float x) const { return outer * std::exp(inner * x); }
  float Derivative(float x) const { return inner * (*this)(x); }

  float inner = 1;
  float outer = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeExpLayer(const caffe::LayerParameter& param,
                                    caffe::Phase phase) {
  return std::make_unique<UnaryLayer<ExpFunction>>(param, phase);
}

}  // namespace quantd
