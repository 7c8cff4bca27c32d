// Power: y = (shift + scale * x) ^ power.
#include <algorithm>
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/layers/kept_bottom.h"
#include "engine/layers/same_shape_layer.h"

namespace quantd {
namespace {

class PowerLayer : public SameShapeLayer {
 public:
  using SameShapeLayer::SameShapeLayer;

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float power = param().power_param().power();
    const float scale = param().power_param().scale();
    const float shift = param().power_param().shift();
    if (expects_backward()) RETURN_IF_ERROR(kept_.Keep(bottoms, tops));
    const float* x = bottoms[0]->data();
    float* y = tops[0]->data();
    const int64_t n = bottoms[0]->num_elements();
    if (power * scale == 0) {  // A constant, also where x is not finite.
      std::fill_n(y, n, power == 0 ? 1.0f : std::pow(shift, power));
    } else if (power == 1) {
      for (int64_t i = 0; i < n; ++i) y[i] = shift + scale * x[i];
    } else {
      for (int64_t i = 0; i < n; ++i)
        y[i] = std::pow(shift + scale * x[i], power);
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float power = param().power_param().power();
    const float scale = param().power_param().scale();
    const float shift = param().power_param().shift();
    const float factor = power * scale;
    const float* x = kept_.Of(pass).data();
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    const int64_t n = pass.bottoms[0]->num_elements();
    if (factor == 0) {
      std::fill_n(dx, n, 0.0f);
    } else if (power == 1) {
      for (int64_t i = 0; i < n; ++i) dx[i] = factor * dy[i];
    } else if (power == 2) {
      for (int64_t i = 0; i < n; ++i) {
        dx[i] = factor * (shift + scale * x[i]) * dy[i];
      }
    } else {
      for (int64_t i = 0; i < n; ++i) {
        dx[i] = factor * std::pow(shift + scale * x[i], power - 1) * dy[i];
      }
    }
    return absl::OkStatus();
  }

 private:
  KeptBottom kept_;
};

}  // namespace

std::unique_ptr<Layer> MakePowerLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<PowerLayer>(param, phase);
}

}  // namespace quantd
