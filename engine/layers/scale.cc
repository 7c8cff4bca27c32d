// Scale: y = x * gamma [+ beta], gamma along `num_axes` axes from `axis` on.
// gamma is a blob, or the second bottom; with bias_term beta is the last blob.
#include <memory>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/channel_broadcast.h"
#include "engine/layers/checks.h"

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
      caffe::FillerParameter one;
      one.set_value(1);
      RETURN_IF_ERROR(
          AddBlob(broadcast_.shape.dims(), p.has_filler() ? p.filler() : one));
    }
    if (!p.bias_term()) return absl::OkStatus();
    return AddBlob(broadcast_.shape.dims(), p.bias_filler());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(Resolve(bottoms));
    if (!blobs_.empty() && blobs_[0].shape() != broadcast_.shape) {
      return BottomError("the axes that are scaled changed their size from " +
                         blobs_[0].shape().ToString() + " to " +
                         broadcast_.shape.ToString());
    }
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const Tensor& scale = bottoms.size() > 1 ? *bottoms[1] : blobs_[0];
    const bool has_bias = param().scale_param().bias_term();
    const float* x = bottoms[0]->data();
    broadcast_.Apply(x, scale.data(), has_bias ? blobs_.back().data() : nullptr,
                     tops[0]->data());
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }

 private:
  absl::Status Resolve(absl::Span<const Shape> bottoms) {
    const caffe::ScaleParameter& p = param().scale_param();
    if (bottoms.size() > 1) {
      ASSIGN_OR_RETURN(broadcast_, ChannelBroadcast::OfBottom(
                                       bottoms[0], bottoms[1], p.axis()));
    } else {
      ASSIGN_OR_RETURN(broadcast_,
                       ChannelBroadcast::OfBlob(bottoms[0], p.axis(),
                                                p.num_axes(), "scale_param"));
    }
    return absl::OkStatus();
  }

  ChannelBroadcast broadcast_;
};

}  // namespace

std::unique_ptr<Layer> MakeScaleLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<ScaleLayer>(param, phase);
}

}  // namespace quantd
