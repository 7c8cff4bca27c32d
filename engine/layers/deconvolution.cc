// Deconvolution, the transpose of a convolution: k bottoms to k tops with the
// same weights. Blobs: weights (cin, cout/group, kernel...), bias (cout).
// Along each spatial axis the top has
//   stride * (bottom - 1) + dilation * (kernel - 1) + 1 - 2 * pad
// pixels.
//
// It is the input gradient of the convolution whose output is the bottom; its
// own gradients are that convolution of the top's gradient, and that
// convolution's weight gradient with input and output exchanged.
#include <memory>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/cpu/convolution.h"
#include "engine/kernels/cpu/convolution_backward.h"
#include "engine/kernels/reference/convolution.h"
#include "engine/layers/channel_broadcast.h"
#include "engine/layers/conv_layer.h"
#include "engine/layers/conv_params.h"
#include "engine/layers/conv_shapes.h"

namespace quantd {
namespace {

class DeconvolutionLayer : public ConvLayer<CpuConvolution> {
 public:
  using ConvLayer::ConvLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckTopPerBottom(bottoms, num_tops));
    const caffe::ConvolutionParameter& conv = param().convolution_param();
    ASSIGN_OR_RETURN(axis_, ConvChannelAxis(conv, bottoms[0]));
    ASSIGN_OR_RETURN(geometry_,
                     ParseConvParams(conv, bottoms[0][axis_],
                                     bottoms[0].num_axes() - axis_ - 1));
    std::swap(geometry_.channels_in, geometry_.channels_out);
    if (CpuConvolution::Supports(geometry_)) {
      kernel_.emplace(geometry_, CpuConvolution::Direction::kTransposed);
      data_kernel_.emplace(geometry_);
      weights_kernel_.emplace(geometry_);
    }
    return AddBlobs(conv, geometry_.channels_in);
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    RETURN_IF_ERROR(CheckEqualShapes(bottoms));
    for (size_t i = 0; i < bottoms.size(); ++i) {
      ASSIGN_OR_RETURN((*tops)[i], DeconvTopShape(geometry_, bottoms[i], axis_,
                                                  geometry_.channels_out,
                                                  geometry_.channels_in));
    }
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    for (size_t i = 0; i < tops.size(); ++i) {
      RETURN_IF_ERROR(ForwardOne(*bottoms[i], tops[i]));
    }
    DropPackedWeights(*tops[0]);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    for (size_t i = 0; i < pass.bottoms.size(); ++i) {
      const Tensor dy = Merged(*pass.top_diffs[i]);
      RETURN_IF_ERROR(BackwardWeights(Merged(*pass.bottoms[i]), dy));
      if (pass.bottom_diffs[i] != nullptr) {
        Tensor dx = Merged(*pass.bottom_diffs[i]);
        RETURN_IF_ERROR(BackwardBottom(dy, &dx));
      }
      if (WantsBlobDiff(1)) {
        TopChannels(dy.shape())
            .AddSums(dy.data(), nullptr, blob_diff(1).data());
      }
    }
    return absl::OkStatus();
  }

 private:
  Tensor Merged(const Tensor& tensor) const {
    return tensor.Reshaped(MergeBatchAxes(tensor.shape(), axis_));
  }

  // How the bias spreads over a top of this merged shape.
  static ChannelBroadcast TopChannels(const Shape& top) {
    ChannelBroadcast channels;
    channels.outer = top[0];
    channels.dim = top[1];
    channels.inner = top.Count(2);
    return channels;
  }

  absl::Status ForwardOne(const Tensor& bottom, Tensor* top) {
    const Tensor src = Merged(bottom);
    Tensor dst = Merged(*top);
    if (kernel_) return kernel_->Run(src, blobs_[0], bias(), {}, &dst);
    ReferenceConvolutionBackwardData(geometry_, blobs_[0], src, &dst);
    if (bias() == nullptr) return absl::OkStatus();
    float* y = dst.data();
    TopChannels(dst.shape()).Apply(y, nullptr, bias()->data(), y);
    return absl::OkStatus();
  }

  absl::Status BackwardWeights(const Tensor& x, const Tensor& dy) {
    if (!WantsBlobDiff(0)) return absl::OkStatus();
    Tensor* dw = &blob_diff(0);
    if (weights_kernel_) return weights_kernel_->Run(dy, x, dw, nullptr);
    ReferenceConvolutionBackwardWeights(geometry_, dy, x, dw, nullptr);
    return absl::OkStatus();
  }

  absl::Status BackwardBottom(const Tensor& dy, Tensor* dx) {
    if (data_kernel_) {
      return data_kernel_->Run(dy, blobs_[0], nullptr, {}, dx);
    }
    ReferenceConvolution(geometry_, dy, blobs_[0], nullptr, dx);
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Layer> MakeDeconvolutionLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<DeconvolutionLayer>(param, phase);
}

}  // namespace quantd
