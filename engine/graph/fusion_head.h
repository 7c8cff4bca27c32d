// Weights and bias of a layer that takes part in a fusion, by output channel.
// Not here: what is folded into them (fuse_batch_norm.h).
#ifndef QUANTD_ENGINE_GRAPH_FUSION_HEAD_H_
#define QUANTD_ENGINE_GRAPH_FUSION_HEAD_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The values of `blob` as float32: of double_data if it is not empty, else of
// data. Integer blobs have none.
std::vector<float> FloatValues(const caffe::BlobProto& blob);

// A copy of the weights and bias of a Convolution, DepthwiseConv,
// DepthwiseConvolution, Deconvolution or InnerProduct, with float32 arithmetic
// per output channel. The spans have channels() values.
class FusionHead {
 public:
  // Nothing if `layer` is of another type, has another channel axis than 1, or
  // lacks blobs that fit its parameters.
  static std::optional<FusionHead> Create(const caffe::LayerParameter& layer);

  int64_t channels() const { return channels_; }
  // True if `axis` of a layer behind the head means the output channels.
  bool IsChannelAxis(int axis) const;

  void Subtract(absl::Span<const float> values);  // From the bias.
  void Add(absl::Span<const float> values);       // To the bias.
  void Divide(absl::Span<const float> values);    // Weights and bias.
  void Multiply(absl::Span<const float> values);  // Weights and bias.

  // What Divide() and Multiply() did to the weights, one factor per channel.
  const std::vector<float>& gains() const { return gains_; }

  // Writes weights and bias into the blobs of `layer`, the one it was created
  // from, with modern shapes, and sets bias_term.
  void Store(caffe::LayerParameter* layer) const;

 private:
  FusionHead() = default;

  // Set the layout of weights_ and dims_; false if they do not fit.
  bool SetInnerProduct(const caffe::InnerProductParameter& param);
  bool SetDeconvolution(const caffe::ConvolutionParameter& param);
  bool SetConvolution();

  // Output channel of weight `index`.
  int64_t ChannelOf(int64_t index) const {
    return index / group_size_ * group_channels_ +
           index / inner_ % group_channels_;
  }

  bool is_inner_product_ = false;
  int64_t channels_ = 0;
  // Weight (g, i, c, k) of group g and channel c in it belongs to output
  // channel g * group_channels_ + c; k < inner_, and a group has group_size_
  // weights.
  int64_t group_size_ = 0;
  int64_t group_channels_ = 0;
  int64_t inner_ = 0;
  std::vector<int64_t> dims_;  // Of the weights, modern.
  std::vector<float> weights_;
  std::vector<float> bias_;
  std::vector<float> gains_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_FUSION_HEAD_H_
