// ReLU: y = max(x, 0) + negative_slope * min(x, 0).
#include <algorithm>

#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/factories.h"

namespace quantd {
namespace {

class ReluLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float slope = param().relu_param().negative_slope();
    const float* x = bottoms[0]->data();
    float* y = tops[0]->data();
    const int64_t n = bottoms[0]->num_elements();
    if (slope == 0) {
      for (int64_t i = 0; i < n; ++i) y[i] = std::max(x[i], 0.0f);
    } else {
      for (int64_t i = 0; i < n; ++i) {
        y[i] = std::max(x[i], 0.0f) + slope * std::min(x[i], 0.0f);
      }
    }
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }
};

}  // namespace

std::unique_ptr<Layer> MakeReluLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<ReluLayer>(param, phase);
}

}  // namespace quantd
