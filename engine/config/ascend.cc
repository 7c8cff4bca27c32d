#include "engine/config/ascend.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace quantd {
namespace {

constexpr int kFilterAxes = 4;

bool HasFourAxes(const caffe::LayerParameter& layer) {
  if (layer.convolution_param().kernel_size_size() > kFilterAxes - 2) {
    return false;
  }
  // Blobs without `shape` are of the old form, which has four axes.
  return layer.blobs_size() == 0 || !layer.blobs(0).has_shape() ||
         layer.blobs(0).shape().dim_size() == kFilterAxes;
}

bool IsDilated(const caffe::ConvolutionParameter& param) {
  return std::any_of(param.dilation().begin(), param.dilation().end(),
                     [](uint32_t dilation) { return dilation != 1; });
}

}  // namespace

bool IsAscendType(absl::string_view type) {
  return type == "Convolution" || type == "Deconvolution" ||
         type == "InnerProduct" || type == "Pooling";
}

std::string AscendRefusal(const caffe::LayerParameter& layer) {
  const std::string& type = layer.type();
  if (type == "Convolution" || type == "Deconvolution") {
    if (!HasFourAxes(layer)) return "its filters do not have four axes";
    if (type == "Deconvolution" && IsDilated(layer.convolution_param())) {
      return "Deconvolution with dilation is not quantized for Ascend";
    }
    return "";
  }
  if (type == "InnerProduct") {
    const caffe::InnerProductParameter& param = layer.inner_product_param();
    if (param.transpose()) {
      return "InnerProduct with transpose is not quantized for Ascend";
    }
    if (param.axis() != 1) {
      return "InnerProduct along another axis than 1 is not quantized for "
             "Ascend";
    }
    return "";
  }
  if (type == "Pooling") {
    if (layer.pooling_param().pool() != caffe::PoolingParameter::AVE) {
      return "of all Pooling only the average is quantized for Ascend";
    }
    if (layer.pooling_param().global_pooling()) {
      return "global Pooling is not quantized for Ascend";
    }
    return "";
  }
  return absl::StrCat("layer type ", type, " is not quantized for Ascend");
}

}  // namespace quantd
