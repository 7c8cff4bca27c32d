// Convolution and its depthwise kinds: k bottoms to k tops with the same
// weights. Blobs: weights (cout, cin/group, kernel...), bias (cout).
// DepthwiseConv and DepthwiseConvolution have as many groups as channels,
// whatever `group` says; ConvolutionDepthwise also as many outputs, whatever
// `num_output` says.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/cpu/convolution.h"
#include "engine/kernels/cpu/convolution_backward.h"
#include "engine/kernels/reference/convolution.h"
#include "engine/layers/checks.h"
#include "engine/layers/conv_layer.h"
#include "engine/layers/conv_params.h"
#include "engine/layers/conv_shapes.h"
#include "engine/layers/fused_ops.h"

namespace quantd {
namespace {

// What the number of channels decides, instead of the parameters.
enum class Depthwise { kNone, kGroups, kGroupsAndOutputs };

class ConvolutionLayer : public ConvLayer<CpuConvolutionBackwardData> {
 public:
  ConvolutionLayer(const caffe::LayerParameter& param, caffe::Phase phase,
                   Depthwise depthwise)
      : ConvLayer(param, phase), depthwise_(depthwise) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckTopPerBottom(bottoms, num_tops));
    caffe::ConvolutionParameter conv = param().convolution_param();
    ASSIGN_OR_RETURN(axis_, ConvChannelAxis(conv, bottoms[0]));
    const int64_t channels = bottoms[0][axis_];
    if (depthwise_ != Depthwise::kNone) {
      conv.set_group(static_cast<uint32_t>(channels));
    }
    if (depthwise_ == Depthwise::kGroupsAndOutputs) {
      conv.set_num_output(static_cast<uint32_t>(channels));
    }
    ASSIGN_OR_RETURN(
        geometry_,
        ParseConvParams(conv, channels, bottoms[0].num_axes() - axis_ - 1));
    if (CpuConvolution::Supports(geometry_)) {
      kernel_.emplace(geometry_);
      data_kernel_.emplace(geometry_);
      weights_kernel_.emplace(geometry_);
    }
    return AddBlobs(conv, geometry_.channels_out);
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    if (adds()) return ReshapeSum(bottoms, tops);
    RETURN_IF_ERROR(CheckEqualShapes(bottoms));
    for (size_t i = 0; i < bottoms.size(); ++i) {
      ASSIGN_OR_RETURN((*tops)[i], TopShape(bottoms[i]));
    }
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    for (size_t i = 0; i < tops.size(); ++i) {
      RETURN_IF_ERROR(
          ForwardOne(*bottoms[i], adds() ? bottoms[1] : nullptr, tops[i]));
    }
    DropPackedWeights(*tops[0]);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    for (size_t i = 0; i < pass.bottoms.size(); ++i) {
      const Tensor dy =
          pass.top_diffs[i]->Reshaped(Merged(pass.top_diffs[i]->shape()));
      RETURN_IF_ERROR(BackwardBlobs(*pass.bottoms[i], dy));
      if (pass.bottom_diffs[i] == nullptr) continue;
      RETURN_IF_ERROR(BackwardBottom(dy, pass.bottom_diffs[i]));
    }
    return absl::OkStatus();
  }

  bool Absorb(const Layer& next, int input) override {
    if (!kernel_ || param().bottom_size() != 1 ||
        !AppendFusedOp(next, input,
                       {axis_, axis_ + 1 + geometry_.num_spatial_axes(),
                        geometry_.channels_out},
                       &fused_ops_)) {
      return false;
    }
    kernel_->Fuse(fused_ops_);
    return true;
  }

 private:
  // True if the second bottom is added to the result.
  bool adds() const { return HasAdd(fused_ops_); }

  absl::Status ReshapeSum(absl::Span<const Shape> bottoms,
                          std::vector<Shape>* tops) const {
    ASSIGN_OR_RETURN((*tops)[0], TopShape(bottoms[0]));
    if (bottoms[1] == (*tops)[0]) return absl::OkStatus();
    return BottomError(absl::StrCat(
        "the blob that is added has shape ", bottoms[1].ToString(),
        ", but the convolution's result has ", (*tops)[0].ToString()));
  }

  absl::StatusOr<Shape> TopShape(const Shape& bottom) const {
    return ConvTopShape(geometry_, bottom, axis_, geometry_.channels_in,
                        geometry_.channels_out);
  }

  Shape Merged(const Shape& shape) const {
    return MergeBatchAxes(shape, axis_);
  }

  // `addend` may be null.
  absl::Status ForwardOne(const Tensor& bottom, const Tensor* addend,
                          Tensor* top) {
    const Tensor src = bottom.Reshaped(Merged(bottom.shape()));
    Tensor dst = top->Reshaped(Merged(top->shape()));
    if (kernel_) {
      if (fast_math()) kernel_->AllowWinograd();
      CpuConvolution::Addend added;
      Tensor view;
      if (addend != nullptr) {
        view = addend->Reshaped(dst.shape());
        added = {&view, IsLastUse(1) && addend != &bottom};
      }
      return kernel_->Run(src, blobs_[0], bias(), added, &dst);
    }
    ReferenceConvolution(geometry_, src, blobs_[0], bias(), &dst);
    return absl::OkStatus();
  }

  // Adds to the blobs' gradients what one bottom gives.
  absl::Status BackwardBlobs(const Tensor& bottom, const Tensor& dy) {
    if (!WantsBlobDiff(0) && !WantsBlobDiff(1)) return absl::OkStatus();
    const Tensor src = bottom.Reshaped(Merged(bottom.shape()));
    // The kernels compute the weights' gradient in any case.
    Tensor unwanted;
    if (!WantsBlobDiff(0)) RETURN_IF_ERROR(unwanted.Resize(blobs_[0].shape()));
    Tensor* dw = WantsBlobDiff(0) ? &blob_diff(0) : &unwanted;
    Tensor* db = WantsBlobDiff(1) ? &blob_diff(1) : nullptr;
    if (weights_kernel_) return weights_kernel_->Run(src, dy, dw, db);
    ReferenceConvolutionBackwardWeights(geometry_, src, dy, dw, db);
    return absl::OkStatus();
  }

  absl::Status BackwardBottom(const Tensor& dy, Tensor* bottom_diff) {
    Tensor dx = bottom_diff->Reshaped(Merged(bottom_diff->shape()));
    if (data_kernel_) return data_kernel_->Run(blobs_[0], dy, &dx);
    ReferenceConvolutionBackwardData(geometry_, blobs_[0], dy, &dx);
    return absl::OkStatus();
  }

  const Depthwise depthwise_;
  FusedOps fused_ops_;
};

}  // namespace

std::unique_ptr<Layer> MakeConvolutionLayer(const caffe::LayerParameter& param,
                                            caffe::Phase phase) {
  return std::make_unique<ConvolutionLayer>(param, phase, Depthwise::kNone);
}

std::unique_ptr<Layer> MakeDepthwiseConvLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<ConvolutionLayer>(param, phase, Depthwise::kGroups);
}

std::unique_ptr<Layer> MakeConvolutionDepthwiseLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<ConvolutionLayer>(param, phase,
                                            Depthwise::kGroupsAndOutputs);
}

}  // namespace quantd
