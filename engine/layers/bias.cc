// Bias: y = x + beta, beta along `num_axes` axes from `axis` on. beta is a
// blob, or the second bottom.
#include <memory>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/channel_broadcast.h"
#include "engine/layers/checks.h"
#include "engine/layers/copy_tensor.h"

namespace quantd {
namespace {

class BiasLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 2}, num_tops, {1, 1}));
    RETURN_IF_ERROR(Resolve(bottoms));
    if (bottoms.size() > 1) return absl::OkStatus();
    return AddBlob(broadcast_.shape.dims(), param().bias_param().filler());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(Resolve(bottoms));
    if (!blobs_.empty()) {
      RETURN_IF_ERROR(broadcast_.CheckBlob(blobs_[0].shape(), "biased"));
    }
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const Tensor& bias = bottoms.size() > 1 ? *bottoms[1] : blobs_[0];
    const float* x = bottoms[0]->data();
    broadcast_.Apply(x, nullptr, bias.data(), tops[0]->data());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* dy = pass.top_diffs[0]->data();
    if (WantsBlobDiff(0)) {
      broadcast_.AddSums(dy, nullptr, blob_diff(0).data());
    }
    if (pass.bottoms.size() > 1 && pass.bottom_diffs[1] != nullptr) {
      broadcast_.WriteSums(dy, nullptr, pass.bottom_diffs[1]->data());
    }
    if (pass.bottom_diffs[0] == nullptr) return absl::OkStatus();
    CopyTensor(*pass.top_diffs[0], pass.bottom_diffs[0]);
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }

 private:
  absl::Status Resolve(absl::Span<const Shape> bottoms) {
    const caffe::BiasParameter& p = param().bias_param();
    ASSIGN_OR_RETURN(
        broadcast_, ChannelBroadcast::OfBottoms(bottoms, p.axis(), p.num_axes(),
                                                "bias_param"));
    return absl::OkStatus();
  }

  ChannelBroadcast broadcast_;
};

}  // namespace

std::unique_ptr<Layer> MakeBiasLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<BiasLayer>(param, phase);
}

}  // namespace quantd
