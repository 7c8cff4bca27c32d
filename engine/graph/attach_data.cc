#include "engine/graph/attach_data.h"

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr char kData[] = "Data";
constexpr char kInput[] = "Input";
constexpr char kLabel[] = "label";
constexpr int64_t kMaxBatchSize = 65536;

absl::Status InvalidNet(const std::string& what, const std::string& layer) {
  return Error(absl::StatusCode::kInvalidArgument, "MODEL_INVALID", what,
               {{"layer", layer}});
}

absl::Status CheckBatchSize(int64_t batch_size) {
  if (batch_size >= 1 && batch_size <= kMaxBatchSize) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               absl::StrCat("batch size ", batch_size, " is not in 1..",
                            kMaxBatchSize, "; give one"),
               {{"option", "batch_size"},
                {"value", absl::StrCat(batch_size)},
                {"allowed", absl::StrCat("1..", kMaxBatchSize)}});
}

// The only layer of `type` in `net`.
absl::StatusOr<caffe::LayerParameter*> OnlyLayer(caffe::NetParameter* net,
                                                 const std::string& type) {
  caffe::LayerParameter* found = nullptr;
  for (caffe::LayerParameter& layer : *net->mutable_layer()) {
    if (layer.type() != type) continue;
    if (found != nullptr) {
      return InvalidNet(
          absl::StrCat("the net has several layers of type ", type, ", \"",
                       found->name(), "\" and \"", layer.name(),
                       "\"; one data set can feed only one"),
          layer.name());
    }
    found = &layer;
  }
  if (found == nullptr) {
    return InvalidNet(absl::StrCat("the net has no layer of type ", type), "");
  }
  return found;
}

std::string FreeLabelName(const caffe::NetParameter& net) {
  absl::flat_hash_set<std::string> taken;
  for (const caffe::LayerParameter& layer : net.layer()) {
    taken.insert(layer.top().begin(), layer.top().end());
  }
  std::string name = kLabel;
  for (int k = 1; taken.contains(name); ++k) {
    name = absl::StrCat(kLabel, "_", k);
  }
  return name;
}

void SetLmdb(const std::string& path, int64_t batch_size,
             caffe::DataParameter* data) {
  data->set_source(path);
  data->set_backend(caffe::DataParameter::LMDB);
  data->set_batch_size(static_cast<uint32_t>(batch_size));
}

}  // namespace

bool HasDataLayer(const caffe::NetParameter& net) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layer.type() == kData) return true;
  }
  return false;
}

absl::Status SetDataSource(caffe::NetParameter* net,
                           const std::string& lmdb_path, int64_t batch_size) {
  ASSIGN_OR_RETURN(caffe::LayerParameter* const layer, OnlyLayer(net, kData));
  if (batch_size == 0) batch_size = layer->data_param().batch_size();
  RETURN_IF_ERROR(CheckBatchSize(batch_size));
  SetLmdb(lmdb_path, batch_size, layer->mutable_data_param());
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReplaceInputByData(
    caffe::NetParameter* net, const std::string& lmdb_path, int64_t batch_size,
    const caffe::TransformationParameter& transform) {
  if (HasDataLayer(*net)) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                 "the net has a Data layer, which says how images are "
                 "prepared; leave the transform options away",
                 {{"options", "transform_param"}});
  }
  ASSIGN_OR_RETURN(caffe::LayerParameter* const layer, OnlyLayer(net, kInput));
  if (layer->top_size() != 1) {
    return InvalidNet(
        absl::StrCat("Input layer \"", layer->name(), "\" has ",
                     layer->top_size(),
                     " tops; only a single image blob can come from an LMDB"),
        layer->name());
  }
  const caffe::InputParameter& input = layer->input_param();
  if (batch_size == 0 && input.shape_size() > 0 &&
      input.shape(0).dim_size() > 0) {
    batch_size = input.shape(0).dim(0);
  }
  RETURN_IF_ERROR(CheckBatchSize(batch_size));
  const std::string label = FreeLabelName(*net);
  layer->set_type(kData);
  layer->clear_input_param();
  layer->add_top(label);
  *layer->mutable_transform_param() = transform;
  SetLmdb(lmdb_path, batch_size, layer->mutable_data_param());
  return label;
}

}  // namespace quantd
