// TanH: y = tanh(x).
#include <cmath>
#include <memory>

#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class TanhLayer : public Layer {
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
    const float* x = bottoms[0]->data();
    float* y = tops[0]->data();
    const int64_t n = bottoms[0]->num_elements();
    for (int64_t i = 0; i < n; ++i) y[i] = std::tanh(x[i]);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* y = pass.tops[0]->data();
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    const int64_t n = pass.tops[0]->num_elements();
    for (int64_t i = 0; i < n; ++i) dx[i] = dy[i] * (1 - y[i] * y[i]);
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }
};

}  // namespace

std::unique_ptr<Layer> MakeTanhLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<TanhLayer>(param, phase);
}

}  // namespace quantd
