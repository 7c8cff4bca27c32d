// Convolution and its depthwise kinds with integers. Shapes and parameters are
// those of engine/layers/convolution.cc; one bottom, one top.
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "engine/integer/integer_convolution.h"
#include "engine/integer/integer_layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/conv_params.h"
#include "engine/layers/conv_shapes.h"

namespace quantd {
namespace {

class IntegerConvolutionLayer : public IntegerLayer {
 public:
  using IntegerLayer::IntegerLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    caffe::ConvolutionParameter conv = param().convolution_param();
    ASSIGN_OR_RETURN(axis_, ConvChannelAxis(conv, bottoms[0]));
    const int64_t channels = bottoms[0][axis_];
    if (type() != "Convolution")
      conv.set_group(static_cast<uint32_t>(channels));
    if (type() == "ConvolutionDepthwise") {
      conv.set_num_output(static_cast<uint32_t>(channels));
    }
    ASSIGN_OR_RETURN(
        geometry_,
        ParseConvParams(conv, channels, bottoms[0].num_axes() - axis_ - 1));
    std::vector<int64_t> dims = {geometry_.channels_out,
                                 geometry_.channels_in / geometry_.group};
    dims.insert(dims.end(), geometry_.kernel.begin(), geometry_.kernel.end());
    ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
    RETURN_IF_ERROR(CheckFits(weights(), shape,
                              conv.bias_term() ? geometry_.channels_out : 0,
                              geometry_.channels_out));
    const FakeQuantParams& params = input()->params();
    kernel_.emplace(geometry_, IntegerRange{params.num_bits, params.offset},
                    weights().codes);
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN((*tops)[0], ConvTopShape(geometry_, bottoms[0], axis_,
                                              geometry_.channels_in,
                                              geometry_.channels_out));
    top_ = (*tops)[0];
    SetLayout(geometry_.channels_out, top_.Count(axis_ + 1));
    return absl::OkStatus();
  }

 protected:
  void ComputeSums(const int16_t* codes, const Shape& bottom,
                   int64_t* sums) override {
    WindowSizes sizes;
    sizes.input.assign(bottom.dims().begin() + axis_ + 1, bottom.dims().end());
    sizes.output.assign(top_.dims().begin() + axis_ + 1, top_.dims().end());
    kernel_->Run(codes, bottom.Count(0, axis_), sizes, sums);
  }

 private:
  int axis_ = 1;
  ConvGeometry geometry_;
  Shape top_;
  std::optional<IntegerConvolution> kernel_;
};

}  // namespace

std::unique_ptr<IntegerLayer> MakeIntegerConvolutionLayer(
    const caffe::LayerParameter& param, caffe::Phase phase,
    const DeployFactors& factors, IntegerWeights weights) {
  return std::make_unique<IntegerConvolutionLayer>(param, phase, factors,
                                                   std::move(weights));
}

}  // namespace quantd
