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
  const bool inner_product = layer.type() == "InnerProduct";
  const bool deconvolution = layer.type() == "Deconvolution";
  if (!inner_product && !deconvolution && !IsConvolution(layer.type())) {
    return std::nullopt;
  }
  const caffe::ConvolutionParameter& conv = layer.convolution_param();
  const caffe::InnerProductParameter& inner = layer.inner_product_param();
  const bool bias_term = inner_product ? inner.bias_term() : conv.bias_term();
  if ((inner_product ? inner.axis() : conv.axis()) != 1 ||
      layer.bottom_size() != 1 || layer.top_size() != 1 ||
      layer.blobs_size() != (bias_term ? 2 : 1)) {
    return std::nullopt;
  }
  FusionHead head;
  head.is_inner_product_ = inner_product;
  head.channels_ = inner_product ? inner.num_output() : conv.num_output();
  head.weights_ = FloatValues(layer.blobs(0));
  head.dims_ = WeightDims(layer.blobs(0));
  const int64_t count = static_cast<int64_t>(head.weights_.size());
  if (head.channels_ == 0 || count == 0 || count % head.channels_ != 0) {
    return std::nullopt;
  }
  if (inner_product) {
    // (M, K), or (K, M) if transposed.
    const int64_t inputs = count / head.channels_;
    head.group_channels_ = head.channels_;
    head.group_size_ = count;
    head.inner_ = inner.transpose() ? 1 : inputs;
    head.dims_ = inner.transpose()
                     ? std::vector<int64_t>{inputs, head.channels_}
                     : std::vector<int64_t>{head.channels_, inputs};
  } else if (deconvolution) {
    // (inputs, channels / groups, k...).
    const int64_t groups = conv.group();
    if (groups == 0 || head.channels_ % groups != 0 || head.dims_.size() < 2 ||
        head.dims_[0] == 0 || head.dims_[0] % groups != 0 ||
        head.dims_[1] != head.channels_ / groups ||
        count % (head.dims_[0] * head.dims_[1]) != 0) {
      return std::nullopt;
    }
    head.group_channels_ = head.channels_ / groups;
    head.group_size_ = count / groups;
    head.inner_ = count / (head.dims_[0] * head.dims_[1]);
  } else {
    // (channels, inputs / groups, k...).
    if (head.dims_.size() < 2 || head.dims_[0] != head.channels_) {
      return std::nullopt;
    }
    head.group_channels_ = head.channels_;
    head.group_size_ = count;
    head.inner_ = count / head.channels_;
  }
  head.bias_.assign(head.channels_, 0);
  if (bias_term) {
    head.bias_ = FloatValues(layer.blobs(1));
    if (static_cast<int64_t>(head.bias_.size()) != head.channels_) {
      return std::nullopt;
    }
  }
  return head;
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
  for (int64_t c = 0; c < channels_; ++c) bias_[c] /= values[c];
}

void FusionHead::Multiply(absl::Span<const float> values) {
  for (size_t i = 0; i < weights_.size(); ++i) {
    weights_[i] *= values[ChannelOf(static_cast<int64_t>(i))];
  }
  for (int64_t c = 0; c < channels_; ++c) bias_[c] *= values[c];
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
