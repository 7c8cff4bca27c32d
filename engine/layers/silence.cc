// Silence: consumes bottoms that would be outputs of the net otherwise.
#include <algorithm>
#include <memory>

#include "engine/core/layer.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class SilenceLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return CheckArity(bottoms, {1, Arity::kAny}, num_tops, {0, 0});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    for (Tensor* bottom_diff : pass.bottom_diffs) {
      if (bottom_diff == nullptr) continue;
      std::fill_n(bottom_diff->data(), bottom_diff->num_elements(), 0.0f);
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeSilenceLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<SilenceLayer>(param, phase);
}

}  // namespace quantd
