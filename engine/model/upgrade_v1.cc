#include "engine/model/upgrade_v1.h"

#include "engine/model/kept_text.h"

#include <string>
#include <vector>

namespace quantd {
namespace {

using V1 = caffe::V1LayerParameter;
using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

// `data` is one of the three messages that have the old fields.
template <typename DataMessage>
void MoveTransformation(DataMessage* data,
                        caffe::TransformationParameter* transform) {
  if (data->has_scale()) transform->set_scale(data->scale());
  if (data->has_mean_file()) transform->set_mean_file(data->mean_file());
  if (data->has_crop_size()) transform->set_crop_size(data->crop_size());
  if (data->has_mirror()) transform->set_mirror(data->mirror());
  data->clear_scale();
  data->clear_mean_file();
  data->clear_crop_size();
  data->clear_mirror();
}

template <typename DataMessage>
bool HasTransformation(const DataMessage& data) {
  return data.has_scale() || data.has_mean_file() || data.has_crop_size() ||
         data.has_mirror();
}

caffe::ParamSpec* SpecAt(int index, caffe::LayerParameter* layer) {
  while (layer->param_size() <= index) layer->add_param();
  return layer->mutable_param(index);
}

void UpgradeParamSpecs(const V1& v1, caffe::LayerParameter* layer) {
  for (int i = 0; i < v1.param_size(); ++i) {
    SpecAt(i, layer)->set_name(v1.param(i));
  }
  for (int i = 0; i < v1.blob_share_mode_size(); ++i) {
    const bool strict = v1.blob_share_mode(i) == V1::STRICT;
    SpecAt(i, layer)->set_share_mode(strict ? caffe::ParamSpec::STRICT
                                            : caffe::ParamSpec::PERMISSIVE);
  }
  for (int i = 0; i < v1.blobs_lr_size(); ++i) {
    SpecAt(i, layer)->set_lr_mult(v1.blobs_lr(i));
  }
  for (int i = 0; i < v1.weight_decay_size(); ++i) {
    SpecAt(i, layer)->set_decay_mult(v1.weight_decay(i));
  }
}

// Every *_param of V1 has its equal, of the same name and type, in
// LayerParameter.
void MoveParameters(V1* v1, caffe::LayerParameter* layer) {
  const Reflection* const from = V1::GetReflection();
  std::vector<const FieldDescriptor*> fields;
  from->ListFields(*v1, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
        field->is_repeated()) {
      continue;
    }
    const FieldDescriptor* const target =
        caffe::LayerParameter::descriptor()->FindFieldByName(field->name());
    if (target == nullptr) continue;
    caffe::LayerParameter::GetReflection()->SetAllocatedMessage(
        layer, from->ReleaseMessage(v1, field), target);
  }
}

void UpgradeLayer(V1* v1, caffe::LayerParameter* layer) {
  layer->mutable_bottom()->Swap(v1->mutable_bottom());
  layer->mutable_top()->Swap(v1->mutable_top());
  if (v1->has_name()) layer->set_name(v1->name());
  if (v1->has_type()) layer->set_type(LayerTypeName(v1->type()));
  layer->mutable_include()->Swap(v1->mutable_include());
  layer->mutable_exclude()->Swap(v1->mutable_exclude());
  layer->mutable_blobs()->Swap(v1->mutable_blobs());
  layer->mutable_loss_weight()->Swap(v1->mutable_loss_weight());
  UpgradeParamSpecs(*v1, layer);
  MoveParameters(v1, layer);
}

}  // namespace

std::string LayerTypeName(V1::LayerType type) {
  switch (type) {
    case V1::NONE:
      return "";
    case V1::ABSVAL:
      return "AbsVal";
    case V1::ACCURACY:
      return "Accuracy";
    case V1::ARGMAX:
      return "ArgMax";
    case V1::BNLL:
      return "BNLL";
    case V1::CONCAT:
      return "Concat";
    case V1::CONTRASTIVE_LOSS:
      return "ContrastiveLoss";
    case V1::CONVOLUTION:
      return "Convolution";
    case V1::DATA:
      return "Data";
    case V1::DECONVOLUTION:
      return "Deconvolution";
    case V1::DROPOUT:
      return "Dropout";
    case V1::DUMMY_DATA:
      return "DummyData";
    case V1::ELTWISE:
      return "Eltwise";
    case V1::EUCLIDEAN_LOSS:
      return "EuclideanLoss";
    case V1::EXP:
      return "Exp";
    case V1::FLATTEN:
      return "Flatten";
    case V1::HDF5_DATA:
      return "HDF5Data";
    case V1::HDF5_OUTPUT:
      return "HDF5Output";
    case V1::HINGE_LOSS:
      return "HingeLoss";
    case V1::IM2COL:
      return "Im2col";
    case V1::IMAGE_DATA:
      return "ImageData";
    case V1::INFOGAIN_LOSS:
      return "InfogainLoss";
    case V1::INNER_PRODUCT:
      return "InnerProduct";
    case V1::LRN:
      return "LRN";
    case V1::MEMORY_DATA:
      return "MemoryData";
    case V1::MULTINOMIAL_LOGISTIC_LOSS:
      return "MultinomialLogisticLoss";
    case V1::MVN:
      return "MVN";
    case V1::POOLING:
      return "Pooling";
    case V1::POWER:
      return "Power";
    case V1::RELU:
      return "ReLU";
    case V1::SIGMOID:
      return "Sigmoid";
    case V1::SIGMOID_CROSS_ENTROPY_LOSS:
      return "SigmoidCrossEntropyLoss";
    case V1::SILENCE:
      return "Silence";
    case V1::SLICE:
      return "Slice";
    case V1::SOFTMAX:
      return "Softmax";
    case V1::SOFTMAX_LOSS:
      return "SoftmaxWithLoss";
    case V1::SPLIT:
      return "Split";
    case V1::TANH:
      return "TanH";
    case V1::THRESHOLD:
      return "Threshold";
    case V1::WINDOW_DATA:
      return "WindowData";
    case V1::QUANT:
      return "Quant";
    case V1::DEQUANT:
      return "DeQuant";
  }
  return "";
}

void MoveDataTransformation(V1* layer) {
  if (layer->type() == V1::DATA && HasTransformation(layer->data_param())) {
    MoveTransformation(layer->mutable_data_param(),
                       layer->mutable_transform_param());
  }
  if (layer->type() == V1::IMAGE_DATA &&
      HasTransformation(layer->image_data_param())) {
    MoveTransformation(layer->mutable_image_data_param(),
                       layer->mutable_transform_param());
  }
  if (layer->type() == V1::WINDOW_DATA &&
      HasTransformation(layer->window_data_param())) {
    MoveTransformation(layer->mutable_window_data_param(),
                       layer->mutable_transform_param());
  }
}

void UpgradeV1Net(caffe::NetParameter* net) {
  for (V1& v1 : *net->mutable_layers()) {
    caffe::LayerParameter* const layer = net->add_layer();
    UpgradeLayer(&v1, layer);
    MoveKeptText(&v1, layer);
  }
  net->clear_layers();
}

}  // namespace quantd
