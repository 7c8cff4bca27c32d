#include "engine/model/upgrade_v0.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

using V1 = caffe::V1LayerParameter;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr char kPadding[] = "padding";

absl::Status UpgradeError(const std::string& layer, const std::string& field,
                          const std::string& what) {
  return Error(absl::StatusCode::kInvalidArgument, "MODEL_UPGRADE",
               absl::StrCat("layer \"", layer, "\": ", what),
               {{"layer", layer}, {"field", field}});
}

struct TypeName {
  absl::string_view v0;
  V1::LayerType v1;
};

constexpr TypeName kTypes[] = {
    {"accuracy", V1::ACCURACY},
    {"bnll", V1::BNLL},
    {"concat", V1::CONCAT},
    {"conv", V1::CONVOLUTION},
    {"data", V1::DATA},
    {"dropout", V1::DROPOUT},
    {"euclidean_loss", V1::EUCLIDEAN_LOSS},
    {"flatten", V1::FLATTEN},
    {"hdf5_data", V1::HDF5_DATA},
    {"hdf5_output", V1::HDF5_OUTPUT},
    {"im2col", V1::IM2COL},
    {"images", V1::IMAGE_DATA},
    {"infogain_loss", V1::INFOGAIN_LOSS},
    {"innerproduct", V1::INNER_PRODUCT},
    {"lrn", V1::LRN},
    {"multinomial_logistic_loss", V1::MULTINOMIAL_LOGISTIC_LOSS},
    {"pool", V1::POOLING},
    {"relu", V1::RELU},
    {"sigmoid", V1::SIGMOID},
    {"softmax", V1::SOFTMAX},
    {"softmax_loss", V1::SOFTMAX_LOSS},
    {"split", V1::SPLIT},
    {"tanh", V1::TANH},
    {"window_data", V1::WINDOW_DATA},
};

// Where a V0 setting goes. `parameter` and `field` are names in V1; a setting
// has one row per type that has it, or one with type "" for all types.
struct Move {
  absl::string_view from;
  absl::string_view type;
  const char* parameter;
  const char* field;
};

constexpr Move kMoves[] = {
    {"num_output", "conv", "convolution_param", "num_output"},
    {"num_output", "innerproduct", "inner_product_param", "num_output"},
    {"biasterm", "conv", "convolution_param", "bias_term"},
    {"biasterm", "innerproduct", "inner_product_param", "bias_term"},
    {"weight_filler", "conv", "convolution_param", "weight_filler"},
    {"weight_filler", "innerproduct", "inner_product_param", "weight_filler"},
    {"bias_filler", "conv", "convolution_param", "bias_filler"},
    {"bias_filler", "innerproduct", "inner_product_param", "bias_filler"},
    {"pad", "conv", "convolution_param", "pad"},
    {"pad", "pool", "pooling_param", "pad"},
    {"kernelsize", "conv", "convolution_param", "kernel_size"},
    {"kernelsize", "pool", "pooling_param", "kernel_size"},
    {"group", "conv", "convolution_param", "group"},
    {"stride", "conv", "convolution_param", "stride"},
    {"stride", "pool", "pooling_param", "stride"},
    {"pool", "pool", "pooling_param", "pool"},
    {"dropout_ratio", "dropout", "dropout_param", "dropout_ratio"},
    {"local_size", "lrn", "lrn_param", "local_size"},
    {"alpha", "lrn", "lrn_param", "alpha"},
    {"beta", "lrn", "lrn_param", "beta"},
    {"k", "lrn", "lrn_param", "k"},
    {"source", "data", "data_param", "source"},
    {"source", "hdf5_data", "hdf5_data_param", "source"},
    {"source", "images", "image_data_param", "source"},
    {"source", "window_data", "window_data_param", "source"},
    {"source", "infogain_loss", "infogain_loss_param", "source"},
    {"scale", "", "transform_param", "scale"},
    {"meanfile", "", "transform_param", "mean_file"},
    {"cropsize", "", "transform_param", "crop_size"},
    {"mirror", "", "transform_param", "mirror"},
    {"batchsize", "data", "data_param", "batch_size"},
    {"batchsize", "hdf5_data", "hdf5_data_param", "batch_size"},
    {"batchsize", "images", "image_data_param", "batch_size"},
    {"batchsize", "window_data", "window_data_param", "batch_size"},
    {"rand_skip", "data", "data_param", "rand_skip"},
    {"rand_skip", "images", "image_data_param", "rand_skip"},
    {"shuffle_images", "images", "image_data_param", "shuffle"},
    {"new_height", "images", "image_data_param", "new_height"},
    {"new_width", "images", "image_data_param", "new_width"},
    {"concat_dim", "concat", "concat_param", "concat_dim"},
    {"det_fg_threshold", "window_data", "window_data_param", "fg_threshold"},
    {"det_bg_threshold", "window_data", "window_data_param", "bg_threshold"},
    {"det_fg_fraction", "window_data", "window_data_param", "fg_fraction"},
    {"det_context_pad", "window_data", "window_data_param", "context_pad"},
    {"det_crop_mode", "window_data", "window_data_param", "crop_mode"},
    {"hdf5_output_param", "hdf5_output", "", "hdf5_output_param"},
};

const Move* FindMove(absl::string_view from, absl::string_view type) {
  for (const Move& move : kMoves) {
    if (move.from == from && (move.type.empty() || move.type == type)) {
      return &move;
    }
  }
  return nullptr;
}

// Sets, or for a repeated field appends to, `to` in `target` the value of
// `from` in `source`. The fields have the same C++ type.
void CopyField(const Message& source, const FieldDescriptor* from,
               Message* target, const FieldDescriptor* to) {
  const Reflection* const in = source.GetReflection();
  const Reflection* const out = target->GetReflection();
  switch (from->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32: {
      const uint32_t value = in->GetUInt32(source, from);
      to->is_repeated() ? out->AddUInt32(target, to, value)
                        : out->SetUInt32(target, to, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_INT32:
      // new_height and new_width: int32 in V0, uint32 in V1.
      out->SetUInt32(target, to, in->GetInt32(source, from));
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      out->SetFloat(target, to, in->GetFloat(source, from));
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      out->SetBool(target, to, in->GetBool(source, from));
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      out->SetEnumValue(target, to, in->GetEnumValue(source, from));
      return;
    case FieldDescriptor::CPPTYPE_STRING:
      out->SetString(target, to, in->GetString(source, from));
      return;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      out->MutableMessage(target, to)->CopyFrom(in->GetMessage(source, from));
      return;
    default:
      return;
  }
}

void ApplyMove(const Move& move, const caffe::V0LayerParameter& v0,
               const FieldDescriptor* from, V1* v1) {
  Message* target = v1;
  if (move.parameter[0] != '\0') {
    const FieldDescriptor* const parameter =
        V1::descriptor()->FindFieldByName(move.parameter);
    target = V1::GetReflection()->MutableMessage(v1, parameter);
  }
  CopyField(v0, from, target,
            target->GetDescriptor()->FindFieldByName(move.field));
}

// True for what is moved by hand, not by the table.
bool IsCommonField(absl::string_view name) {
  return name == "name" || name == "type" || name == "blobs" ||
         name == "blobs_lr" || name == "weight_decay";
}

absl::Status UpgradeType(const caffe::V0LayerParameter& v0, V1* v1) {
  for (const TypeName& type : kTypes) {
    if (type.v0 != v0.type()) continue;
    v1->set_type(type.v1);
    return absl::OkStatus();
  }
  return UpgradeError(v0.name(), "type",
                      absl::StrCat("Unknown layer name: \"", v0.type(),
                                   "\" is no type of the V0 form"));
}

// `old` without its V0 layer, which becomes the settings of the result.
absl::Status UpgradeLayer(V1* old, V1* v1, std::vector<std::string>* warnings) {
  caffe::V0LayerParameter& v0 = *old->mutable_layer();
  v1->mutable_bottom()->Swap(old->mutable_bottom());
  v1->mutable_top()->Swap(old->mutable_top());
  if (v0.has_name()) v1->set_name(v0.name());
  if (v0.has_type()) RETURN_IF_ERROR(UpgradeType(v0, v1));
  v1->mutable_blobs()->Swap(v0.mutable_blobs());
  v1->mutable_blobs_lr()->Swap(v0.mutable_blobs_lr());
  v1->mutable_weight_decay()->Swap(v0.mutable_weight_decay());
  std::vector<const FieldDescriptor*> fields;
  caffe::V0LayerParameter::GetReflection()->ListFields(v0, &fields);
  for (const FieldDescriptor* field : fields) {
    if (IsCommonField(field->name())) continue;
    if (const Move* move = FindMove(field->name(), v0.type())) {
      ApplyMove(*move, v0, field, v1);
    } else {
      warnings->push_back(absl::StrCat(
          "layer \"", v0.name(), "\": Unknown parameter ", field->name(),
          " for layer type ", v0.type(), "; it was dropped"));
    }
  }
  return absl::OkStatus();
}

// Redirects bottom `index` of `layer` past `padding`, which makes it.
absl::Status MergePadding(const V1& padding, int index, V1* layer) {
  const std::string& type = layer->layer().type();
  if (type != "conv" && type != "pool") {
    return UpgradeError(layer->layer().name(), "bottom",
                        "a padding layer may only feed convolution or pooling");
  }
  if (layer->bottom_size() != 1 || padding.bottom_size() != 1 ||
      padding.top_size() != 1) {
    return UpgradeError(padding.layer().name(), "bottom",
                        "a padding layer and the layer behind it must have "
                        "one bottom, and the padding layer one top");
  }
  layer->mutable_layer()->set_pad(padding.layer().pad());
  layer->set_bottom(index, padding.bottom(0));
  return absl::OkStatus();
}

// Removes the padding layers from `net`.
absl::Status RemovePadding(caffe::NetParameter* net) {
  absl::flat_hash_map<std::string, int> producers;
  for (const std::string& input : net->input()) producers[input] = -1;
  for (int i = 0; i < net->layers_size(); ++i) {
    V1* const layer = net->mutable_layers(i);
    for (int j = 0; j < layer->bottom_size(); ++j) {
      const auto producer = producers.find(layer->bottom(j));
      if (producer == producers.end()) {
        return UpgradeError(
            layer->layer().name(), "bottom",
            absl::StrCat("Unknown blob input ", layer->bottom(j)));
      }
      if (producer->second < 0) continue;
      const V1& source = net->layers(producer->second);
      if (source.layer().type() != kPadding ||
          layer->layer().type() == kPadding) {
        continue;
      }
      RETURN_IF_ERROR(MergePadding(source, j, layer));
    }
    for (const std::string& top : layer->top()) producers[top] = i;
  }
  auto* const layers = net->mutable_layers();
  int kept = 0;
  for (int i = 0; i < layers->size(); ++i) {
    if (layers->Get(i).layer().type() == kPadding) continue;
    if (kept != i) layers->SwapElements(kept, i);
    ++kept;
  }
  layers->DeleteSubrange(kept, layers->size() - kept);
  return absl::OkStatus();
}

}  // namespace

absl::Status UpgradeV0Net(caffe::NetParameter* net,
                          std::vector<std::string>* warnings) {
  for (const V1& layer : net->layers()) {
    if (layer.has_layer()) continue;
    return UpgradeError(layer.name(), "layers",
                        "the net mixes V0 layers (layers { layer { } }) with "
                        "V1 layers; convert it to one form");
  }
  RETURN_IF_ERROR(RemovePadding(net));
  for (V1& layer : *net->mutable_layers()) {
    V1 upgraded;
    RETURN_IF_ERROR(UpgradeLayer(&layer, &upgraded, warnings));
    layer.Swap(&upgraded);
  }
  return absl::OkStatus();
}

}  // namespace quantd
