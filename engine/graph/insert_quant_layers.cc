#include "engine/graph/insert_quant_layers.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/scale_record.h"

namespace quantd {
namespace {

using Names = absl::flat_hash_set<std::string>;

Names NamesOf(const caffe::NetParameter& net) {
  Names names;
  for (const caffe::LayerParameter& layer : net.layer()) {
    names.insert(layer.name());
    names.insert(layer.top().begin(), layer.top().end());
  }
  return names;
}

absl::StatusOr<caffe::LayerParameter> QuantLayer(
    const QuantizedBlob& blob, const amct::ScaleOffsetRecord& record,
    const Names& taken) {
  const BlobConsumer& consumer = blob.consumers.front();
  const amct::ActivationQuantParam* factors =
      FindInputRecord(record, consumer.layer, consumer.bottom_index);
  if (factors == nullptr || !factors->has_scale_d()) {
    return Error(absl::StatusCode::kFailedPrecondition, "RECORD_INCOMPLETE",
                 absl::StrCat("Cannot find scale_d of layer '", consumer.layer,
                              "' in record file"),
                 {{"layer", consumer.layer},
                  {"index", absl::StrCat(consumer.bottom_index)}});
  }
  const std::string name = QuantLayerName(blob);
  if (taken.contains(name)) {
    return Error(absl::StatusCode::kInvalidArgument, "MODEL_INVALID",
                 absl::StrCat("the model already has a layer or blob \"", name,
                              "\", the name of the Quant layer for \"",
                              consumer.layer, "\"; rename it"),
                 {{"layer", consumer.layer}, {"name", name}});
  }
  caffe::LayerParameter layer;
  layer.set_name(name);
  layer.set_type("Quant");
  layer.add_bottom(blob.blob);
  layer.add_top(name);
  caffe::QuantParameter* quant = layer.mutable_quant_param();
  quant->set_with_offset(blob.with_offset);
  quant->set_scale(static_cast<float>(1.0 / factors->scale_d()));
  quant->set_offset(factors->offset_d());
  quant->set_object_layer(consumer.layer);
  quant->set_index(consumer.bottom_index);
  quant->set_num_bits_d(NumBits(*factors));
  return layer;
}

}  // namespace

std::string QuantLayerName(const QuantizedBlob& blob) {
  const BlobConsumer& consumer = blob.consumers.front();
  return absl::StrCat(consumer.layer, "_", consumer.bottom_index,
                      "_quant_layer");
}

absl::StatusOr<caffe::NetParameter> InsertQuantLayers(
    caffe::NetParameter net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record) {
  const Names taken = NamesOf(net);
  // By index of the layer that they stand in front of.
  absl::flat_hash_map<int, std::vector<caffe::LayerParameter>> inserted;
  for (const QuantizedBlob& blob : plan.blobs) {
    ASSIGN_OR_RETURN(caffe::LayerParameter layer,
                     QuantLayer(blob, record, taken));
    for (const BlobConsumer& consumer : blob.consumers) {
      net.mutable_layer(consumer.layer_index)
          ->set_bottom(consumer.bottom_index, layer.name());
    }
    inserted[blob.consumers.front().layer_index].push_back(std::move(layer));
  }
  google::protobuf::RepeatedPtrField<caffe::LayerParameter> layers;
  layers.Swap(net.mutable_layer());
  for (int i = 0; i < layers.size(); ++i) {
    for (caffe::LayerParameter& quant : inserted[i]) {
      *net.add_layer() = std::move(quant);
    }
    net.add_layer()->Swap(layers.Mutable(i));
  }
  return net;
}

}  // namespace quantd
