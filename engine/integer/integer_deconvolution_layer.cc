// Deconvolution with integers. Shapes and parameters are those of
// engine/layers/deconvolution.cc; one bottom, one top.
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "engine/integer/integer_deconvolution.h"
#include "engine/integer/integer_layer.h"
#include "engine/layers/checks.h"
#include "engine/layers/conv_params.h"
#include "engine/layers/conv_shapes.h"

namespace quantd {
namespace {

class IntegerDeconvolutionLayer : public IntegerLayer {
 public:
  using IntegerLayer::IntegerLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::ConvolutionParameter& conv = param().convolution_param();
    ASSIGN_OR_RETURN(axis_, ConvChannelAxis(conv, bottoms[0]));
    ASSIGN_OR_RETURN(convolution_,
                     ParseConvParams(conv, bottoms[0][axis_],
                                     bottoms[0].num_axes() - axis_ - 1));
    std::swap(convolution_.channels_in, convolution_.channels_out);
    std::vector<int64_t> dims = {convolution_.channels_out,
                                 convolution_.channels_in / convolution_.group};
    dims.insert(dims.end(), convolution_.kernel.begin(),
                convolution_.kernel.end());
    ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
    RETURN_IF_ERROR(CheckFits(weights(), shape,
                              conv.bias_term() ? convolution_.channels_in : 0,
                              convolution_.channels_in));
    const FakeQuantParams& params = input()->params();
    kernel_.emplace(convolution_, IntegerRange{params.num_bits, params.offset},
                    weights().codes);
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    ASSIGN_OR_RETURN((*tops)[0], DeconvTopShape(convolution_, bottoms[0], axis_,
                                                convolution_.channels_out,
                                                convolution_.channels_in));
    top_ = (*tops)[0];
    SetLayout(convolution_.channels_in, top_.Count(axis_ + 1));
    return absl::OkStatus();
  }

 protected:
  void ComputeSums(const int16_t* codes, const Shape& bottom,
                   int64_t* sums) override {
    WindowSizes sizes;
    sizes.input.assign(top_.dims().begin() + axis_ + 1, top_.dims().end());
    sizes.output.assign(bottom.dims().begin() + axis_ + 1, bottom.dims().end());
    kernel_->Run(codes, bottom.Count(0, axis_), sizes, sums);
  }

 private:
  int axis_ = 1;
  // From top to bottom.
  ConvGeometry convolution_;
  Shape top_;
  std::optional<IntegerDeconvolution> kernel_;
};

}  // namespace

std::unique_ptr<IntegerLayer> MakeIntegerDeconvolutionLayer(
    const caffe::LayerParameter& param, caffe::Phase phase,
    const DeployFactors& factors, IntegerWeights weights) {
  return std::make_unique<IntegerDeconvolutionLayer>(param, phase, factors,
                                                     std::move(weights));
}

}  // namespace quantd
