#include "engine/export/fake_quant_model.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "engine/config/scale_record.h"
#include "engine/core/blob_proto.h"
#include "engine/export/layer_weights.h"
#include "engine/graph/insert_quant_layers.h"

namespace quantd {
namespace {

void SetFloats(const std::vector<float>& values, caffe::BlobProto* blob) {
  blob->clear_diff();
  blob->clear_double_data();
  blob->clear_double_diff();
  blob->mutable_data()->Assign(values.begin(), values.end());
}

absl::Status FakeWeights(const amct::SingleLayerRecord& record,
                         caffe::LayerParameter* layer) {
  ASSIGN_OR_RETURN(const std::vector<int8_t> codes,
                   WeightCodes(*layer, record));
  ASSIGN_OR_RETURN(const WeightLayout layout, WeightLayoutOf(*layer));
  const bool per_channel = record.scale_w_size() > 1;
  std::vector<float> values(codes.size());
  for (int64_t i = 0; i < static_cast<int64_t>(codes.size()); ++i) {
    const int64_t channel = per_channel ? layout.ChannelOf(i) : 0;
    values[i] = static_cast<float>(codes[i]) * record.scale_w(channel);
  }
  SetFloats(values, layer->mutable_blobs(0));
  return absl::OkStatus();
}

absl::Status FakeBias(const amct::SingleLayerRecord& record, float scale_d,
                      caffe::LayerParameter* layer) {
  if (layer->blobs_size() < 2) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Tensor bias, MakeTensor(layer->blobs(1)));
  const std::vector<float> scales = BiasScales(record, scale_d);
  ASSIGN_OR_RETURN(const std::vector<int32_t> codes,
                   BiasCodes(layer->name(), bias.values(), scales));
  std::vector<float> values(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    values[i] =
        static_cast<float>(codes[i]) * scales[scales.size() == 1 ? 0 : i];
  }
  SetFloats(values, layer->mutable_blobs(1));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<caffe::NetParameter> FakeQuantModel(
    caffe::NetParameter net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record) {
  for (const WeightLayer& weights : plan.weights) {
    const amct::SingleLayerRecord* factors =
        FindLayerRecord(record, weights.layer);
    caffe::LayerParameter* layer = net.mutable_layer(weights.layer_index);
    RETURN_IF_ERROR(FakeWeights(*factors, layer));
    RETURN_IF_ERROR(
        FakeBias(*factors, FindInputRecord(*factors, 0)->scale_d(), layer));
  }
  return InsertQuantLayers(std::move(net), plan, record);
}

}  // namespace quantd
