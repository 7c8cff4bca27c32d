#include "engine/export/dequant_layers.h"

#include <cstring>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/scale_record.h"
#include "engine/export/layer_weights.h"

namespace quantd {
namespace {

constexpr int kShiftPosition = 32;
constexpr int kOffsetPosition = 40;

using Names = absl::flat_hash_set<std::string>;

Names NamesOf(const caffe::NetParameter& net) {
  Names names;
  for (const caffe::LayerParameter& layer : net.layer()) {
    names.insert(layer.name());
    names.insert(layer.top().begin(), layer.top().end());
  }
  return names;
}

absl::Status CheckFree(const Names& taken, const std::string& name,
                       const std::string& layer) {
  if (!taken.contains(name)) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "MODEL_INVALID",
               absl::StrCat("the model already has a layer or blob \"", name,
                            "\", a name that the DeQuant layer of \"", layer,
                            "\" needs; rename it"),
               {{"layer", layer}, {"name", name}});
}

caffe::BlobProto* AddBlob(int64_t size, caffe::LayerParameter* layer) {
  caffe::BlobProto* blob = layer->add_blobs();
  blob->mutable_shape()->add_dim(size);
  return blob;
}

void AddBlobs(const std::vector<DequantFactor>& factors, DequantBlobs form,
              caffe::LayerParameter* layer) {
  const auto size = static_cast<int64_t>(factors.size());
  if (form == DequantBlobs::kPacked) {
    caffe::BlobProto* packed = AddBlob(size, layer);
    for (const DequantFactor& factor : factors) {
      packed->add_uint64_data(PackDequantFactor(factor));
    }
    return;
  }
  for (int i = 0; i < 3; ++i) AddBlob(size, layer);
  for (const DequantFactor& factor : factors) {
    layer->mutable_blobs(0)->add_data(factor.scale);
    layer->mutable_blobs(1)->add_data(static_cast<float>(factor.shift_bit));
    layer->mutable_blobs(2)->add_data(static_cast<float>(factor.offset_w));
  }
}

}  // namespace

uint64_t PackDequantFactor(const DequantFactor& factor) {
  uint32_t scale = 0;
  static_assert(sizeof(scale) == sizeof(factor.scale), "");
  std::memcpy(&scale, &factor.scale, sizeof(scale));
  const uint64_t shift = static_cast<uint8_t>(factor.shift_bit);
  const uint64_t offset = static_cast<uint8_t>(factor.offset_w);
  return scale | shift << kShiftPosition | offset << kOffsetPosition;
}

DequantFactor UnpackDequantFactor(uint64_t packed) {
  DequantFactor factor;
  const auto scale = static_cast<uint32_t>(packed);
  std::memcpy(&factor.scale, &scale, sizeof(scale));
  factor.shift_bit = static_cast<uint8_t>(packed >> kShiftPosition);
  factor.offset_w = static_cast<int8_t>(packed >> kOffsetPosition);
  return factor;
}

std::vector<DequantFactor> DequantFactorsOf(
    const amct::SingleLayerRecord& record) {
  const float scale_d = FindInputRecord(record, 0)->scale_d();
  std::vector<DequantFactor> factors;
  for (const float scale : BiasScales(record, scale_d)) {
    factors.push_back({scale});
  }
  if (factors.empty()) factors.push_back({scale_d});
  for (size_t i = 0; i < factors.size(); ++i) {
    const int index = static_cast<int>(i);
    if (index < record.shift_bit_size()) {
      factors[i].shift_bit = static_cast<int>(record.shift_bit(index));
    }
    if (index < record.offset_w_size()) {
      factors[i].offset_w = record.offset_w(index);
    }
  }
  return factors;
}

std::string DequantLayerName(absl::string_view layer) {
  return absl::StrCat(layer, "_dequant_layer");
}

absl::StatusOr<caffe::NetParameter> InsertDequantLayers(
    caffe::NetParameter net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record, DequantBlobs blobs) {
  Names quantized;
  for (const QuantizedBlob& blob : plan.blobs) {
    for (const BlobConsumer& consumer : blob.consumers) {
      quantized.insert(consumer.layer);
    }
  }
  const Names taken = NamesOf(net);
  google::protobuf::RepeatedPtrField<caffe::LayerParameter> layers;
  layers.Swap(net.mutable_layer());
  for (caffe::LayerParameter& layer : layers) {
    if (!quantized.contains(layer.name()) || layer.top_size() == 0) {
      *net.add_layer() = std::move(layer);
      continue;
    }
    const std::string& name = layer.name();
    const std::vector<DequantFactor> factors =
        DequantFactorsOf(*FindLayerRecord(record, name));
    caffe::LayerParameter dequant;
    dequant.set_name(DequantLayerName(name));
    dequant.set_type("DeQuant");
    const std::string inner = absl::StrCat(name, "_quantized");
    RETURN_IF_ERROR(CheckFree(taken, dequant.name(), name));
    RETURN_IF_ERROR(CheckFree(taken, inner, name));
    dequant.add_bottom(inner);
    dequant.add_top(layer.top(0));
    caffe::DeQuantParameter* param = dequant.mutable_dequant_param();
    param->set_channel_wise(factors.size() > 1);
    param->set_object_layer(name);
    param->set_layer_type(layer.type());
    AddBlobs(factors, blobs, &dequant);
    layer.set_top(0, inner);
    *net.add_layer() = std::move(layer);
    *net.add_layer() = std::move(dequant);
  }
  return net;
}

}  // namespace quantd
