// Split: every top is a copy of the bottom.
#include <algorithm>
#include <memory>

#include "engine/core/layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/copy_tensor.h"

namespace quantd {
namespace {

class SplitLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, 1}, num_tops, {1, Arity::kAny});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    for (Shape& top : *tops) top = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    for (Tensor* top : tops) CopyTensor(*bottoms[0], top);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    absl::Span<float> dx = pass.bottom_diffs[0]->values();
    std::fill(dx.begin(), dx.end(), 0.0f);
    for (const Tensor* top_diff : pass.top_diffs) {
      const float* dy = top_diff->data();
      for (size_t i = 0; i < dx.size(); ++i) dx[i] += dy[i];
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeSplitLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<SplitLayer>(param, phase);
}

}  // namespace quantd
