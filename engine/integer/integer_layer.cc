#include "engine/integer/integer_layer.h"

#include <utility>

#include "base/status_macros.h"
#include "engine/layers/checks.h"

namespace quantd {

IntegerLayer::IntegerLayer(const caffe::LayerParameter& param,
                           caffe::Phase phase, const DeployFactors& factors,
                           IntegerWeights weights)
    : Layer(param, phase),
      weights_(std::move(weights)),
      input_(*factors.inputs[0]) {}

void IntegerLayer::SetLayout(int64_t channels, int64_t inner) {
  channels_ = channels;
  inner_ = inner < 1 ? 1 : inner;  // Of an empty top.
}

absl::Status IntegerLayer::Forward(Bottoms bottoms, Tops tops) {
  const absl::Span<const int16_t> codes = input_.Take(bottoms[0]->values());
  sums_.resize(tops[0]->num_elements());
  if (sums_.empty()) return absl::OkStatus();
  ComputeSums(codes.data(), bottoms[0]->shape(), sums_.data());
  float* y = tops[0]->DataToOverwrite();
  ForEachStretch([&](int64_t first, int64_t count, int64_t channel) {
    const int64_t bias = weights_.bias.empty() ? 0 : weights_.bias[channel];
    const auto step = static_cast<float>(StepOf(channel));
    for (int64_t i = first; i < first + count; ++i) {
      sums_[i] += bias;
      y[i] = static_cast<float>(sums_[i]) * step;
    }
  });
  return absl::OkStatus();
}

bool RunsInIntegers(absl::string_view type) {
  return type == "Convolution" || type == "ConvolutionDepthwise" ||
         type == "DepthwiseConv" || type == "DepthwiseConvolution" ||
         type == "Deconvolution" || type == "InnerProduct";
}

std::unique_ptr<IntegerLayer> MakeIntegerLayer(
    const caffe::LayerParameter& param, caffe::Phase phase,
    const DeployFactors& factors, IntegerWeights weights) {
  if (param.type() == "InnerProduct") {
    return MakeIntegerInnerProductLayer(param, phase, factors,
                                        std::move(weights));
  }
  if (param.type() == "Deconvolution") {
    return MakeIntegerDeconvolutionLayer(param, phase, factors,
                                         std::move(weights));
  }
  return MakeIntegerConvolutionLayer(param, phase, factors, std::move(weights));
}

absl::Status IntegerQuantizeLayer::SetUp(absl::Span<const Shape> bottoms,
                                         int num_tops) {
  return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
}

absl::Status IntegerQuantizeLayer::Reshape(absl::Span<const Shape> bottoms,
                                           std::vector<Shape>* tops) {
  (*tops)[0] = bottoms[0];
  return absl::OkStatus();
}

absl::Status IntegerQuantizeLayer::Forward(Bottoms bottoms, Tops tops) {
  const absl::Span<const int16_t> codes = input_.Take(bottoms[0]->values());
  if (codes.empty()) return absl::OkStatus();
  DequantizeCodes(
      codes, input_.params(),
      absl::MakeSpan(tops[0]->DataToOverwrite(), tops[0]->num_elements()));
  return absl::OkStatus();
}

}  // namespace quantd
