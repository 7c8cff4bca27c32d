#include "tests/bench/nets/net_writer.h"

namespace quantd::testing {

NetWriter::NetWriter(const std::string& name,
                     const std::vector<int64_t>& input) {
  net_.set_name(name);
  caffe::LayerParameter* layer = Layer("data", "Input", {});
  caffe::BlobShape* shape = layer->mutable_input_param()->add_shape();
  for (const int64_t dim : input) shape->add_dim(dim);
}

caffe::LayerParameter* NetWriter::Layer(
    const std::string& name, const std::string& type,
    const std::vector<std::string>& bottoms) {
  caffe::LayerParameter* layer = net_.add_layer();
  layer->set_name(name);
  layer->set_type(type);
  for (const std::string& bottom : bottoms) layer->add_bottom(bottom);
  layer->add_top(name);
  return layer;
}

caffe::LayerParameter* NetWriter::InPlace(const std::string& suffix,
                                          const std::string& type,
                                          const std::string& blob) {
  caffe::LayerParameter* layer = Layer(blob + suffix, type, {blob});
  layer->set_top(0, blob);
  return layer;
}

std::string NetWriter::Convolution(const std::string& name,
                                   const std::string& bottom,
                                   const Conv& conv) {
  caffe::ConvolutionParameter* param =
      Layer(name, "Convolution", {bottom})->mutable_convolution_param();
  param->set_num_output(conv.outputs);
  param->add_kernel_size(conv.kernel);
  param->add_stride(conv.stride);
  param->add_pad(conv.pad);
  param->set_group(conv.group);
  param->set_bias_term(conv.bias);
  param->mutable_weight_filler()->set_type("msra");
  return name;
}

std::string NetWriter::InnerProduct(const std::string& name,
                                    const std::string& bottom, int outputs) {
  caffe::InnerProductParameter* param =
      Layer(name, "InnerProduct", {bottom})->mutable_inner_product_param();
  param->set_num_output(outputs);
  param->mutable_weight_filler()->set_type("msra");
  return name;
}

std::string NetWriter::Relu(const std::string& blob, float negative_slope) {
  caffe::LayerParameter* layer = InPlace("/relu", "ReLU", blob);
  if (negative_slope != 0) {
    layer->mutable_relu_param()->set_negative_slope(negative_slope);
  }
  return blob;
}

std::string NetWriter::BatchNorm(const std::string& blob) {
  InPlace("/bn", "BatchNorm", blob)
      ->mutable_batch_norm_param()
      ->set_use_global_stats(true);
  InPlace("/scale", "Scale", blob)->mutable_scale_param()->set_bias_term(true);
  return blob;
}

std::string NetWriter::ConvBn(const std::string& name,
                              const std::string& bottom, Conv conv) {
  conv.bias = false;
  return BatchNorm(Convolution(name, bottom, conv));
}

std::string NetWriter::ConvBnRelu(const std::string& name,
                                  const std::string& bottom, const Conv& conv) {
  return Relu(ConvBn(name, bottom, conv));
}

std::string NetWriter::ConvRelu(const std::string& name,
                                const std::string& bottom, const Conv& conv) {
  return Relu(Convolution(name, bottom, conv));
}

std::string NetWriter::MaxPool(const std::string& name,
                               const std::string& bottom,
                               const Window& window) {
  caffe::PoolingParameter* param =
      Layer(name, "Pooling", {bottom})->mutable_pooling_param();
  param->set_pool(caffe::PoolingParameter::MAX);
  param->set_kernel_size(window.kernel);
  param->set_stride(window.stride);
  param->set_pad(window.pad);
  return name;
}

std::string NetWriter::GlobalAverage(const std::string& name,
                                     const std::string& bottom) {
  caffe::PoolingParameter* param =
      Layer(name, "Pooling", {bottom})->mutable_pooling_param();
  param->set_pool(caffe::PoolingParameter::AVE);
  param->set_global_pooling(true);
  return name;
}

std::string NetWriter::Add(const std::string& name, const std::string& a,
                           const std::string& b) {
  Layer(name, "Eltwise", {a, b});
  return name;
}

std::string NetWriter::Concat(const std::string& name,
                              const std::vector<std::string>& bottoms) {
  Layer(name, "Concat", bottoms);
  return name;
}

std::string NetWriter::Flatten(const std::string& name,
                               const std::string& bottom) {
  Layer(name, "Flatten", {bottom});
  return name;
}

std::string NetWriter::Lrn(const std::string& name, const std::string& bottom) {
  caffe::LRNParameter* param =
      Layer(name, "LRN", {bottom})->mutable_lrn_param();
  param->set_local_size(5);
  param->set_alpha(1e-4f);
  param->set_beta(0.75f);
  return name;
}

std::string NetWriter::Dropout(const std::string& blob) {
  InPlace("/drop", "Dropout", blob);
  return blob;
}

std::string NetWriter::Softmax(const std::string& name,
                               const std::string& bottom) {
  Layer(name, "Softmax", {bottom});
  return name;
}

}  // namespace quantd::testing
