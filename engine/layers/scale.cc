// Scale: y = x * gamma [+ beta], gamma along `num_axes` axes from `axis` on.
// gamma is a blob, or the second bottom; with bias_term beta is the last blob.
#include <memory>

#include "base/status_macros.h"
#include "engine/core/filler.h"
#include "engine/core/layer.h"
#include "engine/layers/channel_broadcast.h"
#include "engine/layers/checks.h"
#include "engine/layers/kept_bottom.h"

namespace quantd {
namespace {

class ScaleLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 2}, num_tops, {1, 1}));
    RETURN_IF_ERROR(Resolve(bottoms));
    const caffe::ScaleParameter& p = param().scale_param();
    if (bottoms.size() == 1) {
      RETURN_IF_ERROR(AddBlob(broadcast_.shape.dims(),
                              p.has_filler() ? p.filler() : ConstantFiller(1)));
    }
    if (!p.bias_term()) return absl::OkStatus();
    return AddBlob(broadcast_.shape.dims(), p.bias_filler());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(Resolve(bottoms));
    if (!blobs_.empty()) {
      RETURN_IF_ERROR(broadcast_.CheckBlob(blobs_[0].shape(), "scaled"));
    }
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const Tensor& scale = bottoms.size() > 1 ? *bottoms[1] : blobs_[0];
    const bool has_bias = param().scale_param().bias_term();
    if (expects_backward()) RETURN_IF_ERROR(kept_.Keep(bottoms, tops));
    const float* x = bottoms[0]->data();
    broadcast_.Apply(x, scale.data(), has_bias ? blobs_.back().data() : nullptr,
                     tops[0]->data());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const bool has_blob = pass.bottoms.size() == 1;
    const float* x = kept_.Of(pass).data();
    const float* dy = pass.top_diffs[0]->data();
    const int beta = has_blob ? 1 : 0;
    if (WantsBlobDiff(beta)) {
      broadcast_.AddSums(dy, nullptr, blob_diff(beta).data());
    }
    if (has_blob && WantsBlobDiff(0)) {
      broadcast_.AddSums(dy, x, blob_diff(0).data());
    }
    if (!has_blob && pass.bottom_diffs[1] != nullptr) {
      broadcast_.WriteSums(dy, x, pass.bottom_diffs[1]->data());
    }
    if (pass.bottom_diffs[0] == nullptr) return absl::OkStatus();
    const Tensor& gamma = has_blob ? blobs_[0] : *pass.bottoms[1];
    broadcast_.Apply(dy, gamma.data(), nullptr, pass.bottom_diffs[0]->data());
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }

 private:
  absl::Status Resolve(absl::Span<const Shape> bottoms) {
    const caffe::ScaleParameter& p = param().scale_param();
    ASSIGN_OR_RETURN(
        broadcast_, ChannelBroadcast::OfBottoms(bottoms, p.axis(), p.num_axes(),
                                                "scale_param"));
    return absl::OkStatus();
  }

  ChannelBroadcast broadcast_;
  KeptBottom kept_;
};

}  // namespace

std::unique_ptr<Layer> MakeScaleLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<ScaleLayer>(param, phase);
}

}  // namespace quantd
