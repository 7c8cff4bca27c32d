// Im2col: the windows of a convolution as channels. A bottom (N..., C,
// spatial...) gives (N..., C * K, output...), where K is the number of the
// kernel's pixels; num_output and group do not count.
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/im2col.h"
#include "engine/layers/checks.h"
#include "engine/layers/conv_params.h"
#include "engine/layers/conv_shapes.h"

namespace quantd {
namespace {

class Im2colLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::ConvolutionParameter& conv = param().convolution_param();
    ASSIGN_OR_RETURN(axis_, ConvChannelAxis(conv, bottoms[0]));
    ASSIGN_OR_RETURN(window_,
                     ParseConvWindow(conv, bottoms[0].num_axes() - axis_ - 1));
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    if (bottoms[0].num_axes() <= axis_) {
      return BottomError(absl::StrCat(
          "a bottom of shape ", bottoms[0].ToString(), " has no axis ", axis_));
    }
    const int64_t channels = bottoms[0][axis_];
    int64_t channels_out = channels;
    for (int64_t size : window_.kernel) {
      channels_out *= size;
      if (channels_out <= Shape::kMaxElements) continue;
      return FieldError("convolution_param.kernel_size",
                        absl::StrCat("has too many pixels for the ", channels,
                                     " channels of the bottom"));
    }
    ASSIGN_OR_RETURN((*tops)[0], ConvTopShape(window_, bottoms[0], axis_,
                                              channels, channels_out));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (tops[0]->num_elements() == 0) return absl::OkStatus();
    Tensor dst = Merged(*tops[0]);
    Im2col(window_, Merged(*bottoms[0]), &dst);
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    if (pass.top_diffs[0]->num_elements() == 0) return absl::OkStatus();
    Tensor dx = Merged(*pass.bottom_diffs[0]);
    Col2im(window_, Merged(*pass.top_diffs[0]), &dx);
    return absl::OkStatus();
  }

 private:
  Tensor Merged(const Tensor& tensor) const {
    return tensor.Reshaped(MergeBatchAxes(tensor.shape(), axis_));
  }

  int axis_ = 1;
  ConvGeometry window_;  // Without channels.
};

}  // namespace

std::unique_ptr<Layer> MakeIm2colLayer(const caffe::LayerParameter& param,
                                       caffe::Phase phase) {
  return std::make_unique<Im2colLayer>(param, phase);
}

}  // namespace quantd
