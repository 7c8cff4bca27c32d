#include "engine/graph/fusion_head.h"

#include <string>

namespace quantd {
namespace {

constexpr int kImageAxes = 4;

bool IsConvolution(const std::string& type) {
  return type == "Convolution" || type == "DepthwiseConv" ||
         type == "DepthwiseConvolution";
}

std::vector<int64_t> WeightDims(const caffe::BlobProto& blob) {
  if (blob.has_num() || blob.has_channels() || blob.has_height() ||
      blob.has_width()) {
    return {blob.num(), blob.channels(), blob.height(), blob.width()};
  }
  return {blob.shape().dim().begin(), blob.shape().dim().end()};
}

void StoreBlob(const std::vector<int64_t>& dims,
               const std::vector<float>& values, caffe::BlobProto* blob) {
  blob->Clear();
  for (int64_t dim : dims) blob->mutable_shape()->add_dim(dim);
  blob->mutable_data()->Add(values.begin(), values.end());
}

}  // namespace

std::vector<float> FloatValues(const caffe::BlobProto& blob) {
  if (blob.double_data_size() > 0) {
    return {blob.double_data().begin(), blob.double_data().end()};
  }
  return {blob.data().begin(), blob.data().end()};
}

std::optional<FusionHead> FusionHead::Create(
    const caffe::LayerParameter& layer) {
  const bool is_inner_product = layer.type() == "InnerProduct";
  const bool is_deconvolution = layer.type() == "Deconvolution";
  if (!is_inner_product && !is_deconvolution && !IsConvolution(layer.type())) {
    return std::nullopt;
  }
  const caffe::ConvolutionParameter& conv = layer.convolution_param();
  const caffe::InnerProductParameter& inner = layer.inner_product_param();
  const bool has_bias = is_inner_product ? inner.bias_term() : conv.bias_term();
  if ((is_inner_product ? inner.axis() : conv.axis()) != 1 ||
      layer.bottom_size() != 1 || layer.top_size() != 1 ||
      layer.blobs_size() != (has_bias ? 2 : 1)) {
    return std::nullopt;
  }
  FusionHead head;
  head.is_inner_product_ = is_inner_product;
  head.channels_ = is_inner_product ? inner.num_output() : conv.num_output();
  head.weights_ = FloatValues(layer.blobs(0));
  head.dims_ = WeightDims(layer.blobs(0));
  const int64_t count = static_cast<int64_t>(head.weights_.size());
  if (head.channels_ == 0 || count == 0 || count % head.channels_ != 0) {
    return std::nullopt;
  }
  const bool fits = is_inner_product   ? head.SetInnerProduct(inner)
                    : is_deconvolution ? head.SetDeconvolution(conv)
                                       : head.SetConvolution();
  if (!fits) return std::nullopt;
  head.gains_.assign(head.channels_, 1);
  head.bias_.assign(head.channels_, 0);
  if (has_bias) head.bias_ = FloatValues(layer.blobs(1));
  if (static_cast<int64_t>(head.bias_.size()) != head.channels_) {
    return std::nullopt;
  }
  return head;
}

bool FusionHead::SetInnerProduct(const caffe::InnerProductParameter& param) {
  const int64_t count = static_cast<int64_t>(weights_.size());
  const int64_t inputs = count / channels_;
  group_channels_ = channels_;
  group_size_ = count;
  inner_ = param.transpose() ? 1 : inputs;
  dims_ = {channels_, inputs};
  if (param.transpose()) dims_ = {inputs, channels_};
  return true;
}

bool FusionHead::SetDeconvolution(const caffe::ConvolutionParameter& param) {
  // (inputs, channels / groups, k...)
  const int64_t count = static_cast<int64_t>(weights_.size());
  const int64_t groups = param.group();
  if (groups == 0 || channels_ % groups != 0 || dims_.size() < 2 ||
      dims_[0] <= 0 || dims_[0] % groups != 0 ||
      dims_[1] != channels_ / groups || count % (dims_[0] * dims_[1]) != 0) {
    return false;
  }
  group_channels_ = channels_ / groups;
  group_size_ = count / groups;
  inner_ = count / (dims_[0] * dims_[1]);
  return true;
}

bool FusionHead::SetConvolution() {
  // (channels, inputs / groups, k...)
  if (dims_.size() < 2 || dims_[0] != channels_) return false;
  group_channels_ = channels_;
  group_size_ = static_cast<int64_t>(weights_.size());
  inner_ = group_size_ / channels_;
  return true;
}

bool FusionHead::IsChannelAxis(int axis) const {
  if (axis == 1) return true;
  if (is_inner_product_) return axis == -1;
  return dims_.size() == kImageAxes && axis == -3;
}

void FusionHead::Subtract(absl::Span<const float> values) {
  for (int64_t c = 0; c < channels_; ++c) bias_[c] -= values[c];
}

void FusionHead::Add(absl::Span<const float> values) {
  for (int64_t c = 0; c < channels_; ++c) bias_[c] += values[c];
}

void FusionHead::Divide(absl::Span<const float> values) {
  for (size_t i = 0; i < weights_.size(); ++i) {
    weights_[i] /= values[ChannelOf(static_cast<int64_t>(i))];
  }
  for (int64_t c = 0; c < channels_; ++c) {
    bias_[c] /= values[c];
    gains_[c] /= values[c];
  }
}

void FusionHead::Multiply(absl::Span<const float> values) {
  for (size_t i = 0; i < weights_.size(); ++i) {
    weights_[i] *= values[ChannelOf(static_cast<int64_t>(i))];
  }
  for (int64_t c = 0; c < channels_; ++c) {
    bias_[c] *= values[c];
    gains_[c] *= values[c];
  }
}

void FusionHead::Store(caffe::LayerParameter* layer) const {
  while (layer->blobs_size() < 2) layer->add_blobs();
  StoreBlob(dims_, weights_, layer->mutable_blobs(0));
  StoreBlob({channels_}, bias_, layer->mutable_blobs(1));
  if (is_inner_product_) {
    layer->mutable_inner_product_param()->set_bias_term(true);
  } else {
    layer->mutable_convolution_param()->set_bias_term(true);
  }
}

}  // namespace quantd
