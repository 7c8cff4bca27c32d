// EuclideanLoss: sum of (a - b)^2 / (2 * items).
#include <algorithm>
#include <memory>

#include "base/status_macros.h"
#include "engine/layers/loss_layer.h"

namespace quantd {
namespace {

class EuclideanLossLayer : public LossLayer {
 public:
  using LossLayer::LossLayer;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(CheckSameItems(bottoms[0], bottoms[1]));
    num_items_ = std::max(bottoms[0][0], int64_t{1});
    (*tops)[0] = Shape();
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const float* a = bottoms[0]->data();
    const float* b = bottoms[1]->data();
    const int64_t n = bottoms[0]->num_elements();
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) {
      const float difference = a[i] - b[i];
      sum += static_cast<double>(difference) * difference;
    }
    *tops[0]->data() =
        static_cast<float>(sum / (2.0 * static_cast<double>(num_items_)));
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* values[] = {pass.bottoms[0]->data(), pass.bottoms[1]->data()};
    const float scale =
        *pass.top_diffs[0]->data() / static_cast<float>(num_items_);
    const int64_t n = pass.bottoms[0]->num_elements();
    for (int own = 0; own < 2; ++own) {
      if (pass.bottom_diffs[own] == nullptr) continue;
      float* diff = pass.bottom_diffs[own]->data();
      for (int64_t i = 0; i < n; ++i) {
        diff[i] = scale * (values[own][i] - values[1 - own][i]);
      }
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override { return true; }

 private:
  int64_t num_items_ = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeEuclideanLossLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<EuclideanLossLayer>(param, phase);
}

}  // namespace quantd
