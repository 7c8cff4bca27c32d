#include "engine/model/upgrade.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/model/upgrade_v0.h"
#include "engine/model/upgrade_v1.h"

namespace quantd {
namespace {

constexpr char kInputLayerName[] = "input";
constexpr int kLegacyAxes = 4;
constexpr int kBatchNormBlobs = 3;

absl::Status UpgradeError(const std::string& field, const std::string& what) {
  return Error(absl::StatusCode::kInvalidArgument, "MODEL_UPGRADE", what,
               {{"field", field}});
}

absl::Status CheckInputCounts(const caffe::NetParameter& net) {
  const int inputs = net.input_size();
  if (net.input_shape_size() > 0 && net.input_shape_size() != inputs) {
    return UpgradeError(
        "input_shape",
        absl::StrCat("the net has ", inputs, " input fields and ",
                     net.input_shape_size(),
                     " input_shape fields; give one for each input"));
  }
  if (net.input_shape_size() == 0 &&
      net.input_dim_size() != kLegacyAxes * inputs) {
    return UpgradeError(
        "input_dim",
        absl::StrCat("the net has ", inputs, " input fields and ",
                     net.input_dim_size(),
                     " input_dim fields; give four for each input"));
  }
  return absl::OkStatus();
}

// `input` and its shapes become one Input layer in front.
absl::Status UpgradeInputs(caffe::NetParameter* net) {
  if (net->input_shape_size() > 0 || net->input_dim_size() > 0) {
    RETURN_IF_ERROR(CheckInputCounts(*net));
    caffe::LayerParameter* const layer = net->add_layer();
    layer->set_name(kInputLayerName);
    layer->set_type("Input");
    for (int i = 0; i < net->input_size(); ++i) {
      layer->add_top(net->input(i));
      caffe::BlobShape* const shape = layer->mutable_input_param()->add_shape();
      if (net->input_shape_size() > 0) {
        *shape = net->input_shape(i);
        continue;
      }
      for (int axis = 0; axis < kLegacyAxes; ++axis) {
        shape->add_dim(net->input_dim(kLegacyAxes * i + axis));
      }
    }
    auto* const layers = net->mutable_layer();
    std::rotate(layers->pointer_begin(), layers->pointer_end() - 1,
                layers->pointer_end());
  }
  net->clear_input();
  net->clear_input_shape();
  net->clear_input_dim();
  return absl::OkStatus();
}

// The blobs of BatchNorm are statistics, not weights.
void UpgradeBatchNorm(caffe::LayerParameter* layer) {
  if (layer->type() != "BatchNorm") return;
  if (layer->param_size() != kBatchNormBlobs) return;
  for (caffe::ParamSpec& spec : *layer->mutable_param()) {
    spec.set_lr_mult(0);
    spec.set_decay_mult(0);
  }
}

bool HasV0Layer(const caffe::NetParameter& net) {
  return std::any_of(
      net.layers().begin(), net.layers().end(),
      [](const caffe::V1LayerParameter& layer) { return layer.has_layer(); });
}

}  // namespace

absl::Status UpgradeNet(caffe::NetParameter* net,
                        std::vector<std::string>* warnings) {
  if (net->layers_size() > 0 && net->layer_size() > 0) {
    return UpgradeError(
        "layers",
        "Refusing to upgrade inconsistent NetParameter input; the definition "
        "has both 'layer' and 'layers' fields, convert it to one form");
  }
  std::vector<std::string> ignored;
  if (HasV0Layer(*net)) {
    RETURN_IF_ERROR(
        UpgradeV0Net(net, warnings == nullptr ? &ignored : warnings));
  }
  for (caffe::V1LayerParameter& layer : *net->mutable_layers()) {
    MoveDataTransformation(&layer);
  }
  UpgradeV1Net(net);
  if (net->input_size() > 0) RETURN_IF_ERROR(UpgradeInputs(net));
  for (caffe::LayerParameter& layer : *net->mutable_layer()) {
    UpgradeBatchNorm(&layer);
  }
  return absl::OkStatus();
}

}  // namespace quantd
