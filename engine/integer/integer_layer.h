// Layers of a deploy model that compute with integers.
#ifndef QUANTD_ENGINE_INTEGER_INTEGER_LAYER_H_
#define QUANTD_ENGINE_INTEGER_INTEGER_LAYER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "engine/core/layer.h"
#include "engine/integer/deploy_factors.h"
#include "engine/integer/integer_weights.h"
#include "engine/integer/quantized_input.h"

namespace quantd {

// A layer of int8 weights. Its bottom is float and becomes integers (q), its
// top is float again:
//   sum = bias + sum of (q - offset_d) * w        exact, in 64 bits
//   y   = float(sum) * float(scale_d * scale_w[channel])
// It has no blobs: the integers stay integers.
class IntegerLayer : public Layer {
 public:
  // `factors` and `weights` are of this layer.
  IntegerLayer(const caffe::LayerParameter& param, caffe::Phase phase,
               const DeployFactors& factors, IntegerWeights weights);

  absl::Status Forward(Bottoms bottoms, Tops tops) override;

  QuantizedInput* input() { return &input_; }
  // Of the last Forward(), in the top's order.
  const std::vector<int64_t>& sums() const { return sums_; }
  // Calls visit(first, count, channel) for each stretch of sums() that belongs
  // to one channel.
  template <typename Visit>
  void ForEachStretch(Visit visit) const {
    const auto size = static_cast<int64_t>(sums_.size());
    int64_t channel = 0;
    for (int64_t first = 0; first < size; first += inner_) {
      visit(first, inner_, channel);
      channel = channel + 1 == channels_ ? 0 : channel + 1;
    }
  }
  // What one in the sums of `channel` stands for: scale_d * scale_w.
  double StepOf(int64_t channel) const {
    return weights_.steps[weights_.steps.size() == 1 ? 0 : channel];
  }

 protected:
  // The sums without bias of the integers of a bottom of this shape.
  virtual void ComputeSums(const int16_t* codes, const Shape& bottom,
                           int64_t* sums) = 0;

  const IntegerWeights& weights() const { return weights_; }
  // To be called by Reshape(): sum i belongs to channel i / inner % channels.
  void SetLayout(int64_t channels, int64_t inner);

 private:
  const IntegerWeights weights_;
  QuantizedInput input_;
  int64_t channels_ = 1;
  int64_t inner_ = 1;
  std::vector<int64_t> sums_;
};

// True for the types that MakeIntegerLayer() knows: Convolution, its depthwise
// kinds, Deconvolution and InnerProduct.
bool RunsInIntegers(absl::string_view type);

// A layer of a type that RunsInIntegers().
std::unique_ptr<IntegerLayer> MakeIntegerLayer(
    const caffe::LayerParameter& param, caffe::Phase phase,
    const DeployFactors& factors, IntegerWeights weights);

// Of integer_convolution_layer.cc, integer_deconvolution_layer.cc and
// integer_inner_product_layer.cc.
std::unique_ptr<IntegerLayer> MakeIntegerConvolutionLayer(
    const caffe::LayerParameter& param, caffe::Phase phase,
    const DeployFactors& factors, IntegerWeights weights);
std::unique_ptr<IntegerLayer> MakeIntegerDeconvolutionLayer(
    const caffe::LayerParameter& param, caffe::Phase phase,
    const DeployFactors& factors, IntegerWeights weights);
std::unique_ptr<IntegerLayer> MakeIntegerInnerProductLayer(
    const caffe::LayerParameter& param, caffe::Phase phase,
    const DeployFactors& factors, IntegerWeights weights);

// Quantizes its bottom; its top is float again. In front of the layers that run
// in float on quantized inputs.
class IntegerQuantizeLayer : public Layer {
 public:
  IntegerQuantizeLayer(const caffe::LayerParameter& param, caffe::Phase phase,
                       const FakeQuantParams& params)
      : Layer(param, phase), input_(params) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override;
  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override;
  absl::Status Forward(Bottoms bottoms, Tops tops) override;

  QuantizedInput* input() { return &input_; }

 private:
  QuantizedInput input_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_INTEGER_LAYER_H_
