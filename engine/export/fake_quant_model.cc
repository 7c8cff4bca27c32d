#include "engine/export/fake_quant_model.h"

#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "engine/config/scale_record.h"
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

}  // namespace

absl::StatusOr<caffe::NetParameter> FakeQuantModel(
    caffe::NetParameter net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record) {
  for (const WeightLayer& weights : plan.weights) {
    const amct::SingleLayerRecord* factors =
        FindLayerRecord(record, weights.layer);
    caffe::LayerParameter* layer = net.mutable_layer(weights.layer_index);
    RETURN_IF_ERROR(RoundWeights(*factors, layer));
    ASSIGN_OR_RETURN(const std::vector<QuantizedBias> biases,
                     QuantizeBiases(*layer, *factors,
                                    FindInputRecord(*factors, 0)->scale_d()));
    for (const QuantizedBias& bias : biases) {
      SetFloats(bias.values, layer->mutable_blobs(bias.blob));
    }
  }
  return InsertQuantLayers(std::move(net), plan, record);
}

}  // namespace quantd
