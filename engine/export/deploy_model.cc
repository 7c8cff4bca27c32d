#include "engine/export/deploy_model.h"

#include <string>
#include <vector>

#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/config/scale_record.h"
#include "engine/export/layer_weights.h"

namespace quantd {
namespace {

void ClearFloats(caffe::BlobProto* blob) {
  blob->clear_data();
  blob->clear_diff();
  blob->clear_double_data();
  blob->clear_double_diff();
}

absl::Status MakeInteger(const amct::SingleLayerRecord& record, float scale_d,
                         caffe::LayerParameter* layer) {
  const std::vector<int> blobs = WeightBlobs(*layer);
  for (size_t k = 0; k < blobs.size(); ++k) {
    ASSIGN_OR_RETURN(const std::vector<int8_t> codes,
                     WeightCodes(*layer, record, static_cast<int>(k)));
    caffe::BlobProto* weights = layer->mutable_blobs(blobs[k]);
    ClearFloats(weights);
    weights->set_int8_data(std::string(codes.begin(), codes.end()));
  }
  ASSIGN_OR_RETURN(const std::vector<QuantizedBias> biases,
                   QuantizeBiases(*layer, record, scale_d));
  for (const QuantizedBias& bias : biases) {
    caffe::BlobProto* blob = layer->mutable_blobs(bias.blob);
    ClearFloats(blob);
    blob->mutable_int32_data()->Assign(bias.codes.begin(), bias.codes.end());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<caffe::NetParameter> DeployModel(
    caffe::NetParameter net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record) {
  for (const WeightLayer& weights : plan.weights) {
    const amct::SingleLayerRecord* layer =
        FindLayerRecord(record, weights.layer);
    RETURN_IF_ERROR(MakeInteger(*layer, FindInputRecord(*layer, 0)->scale_d(),
                                net.mutable_layer(weights.layer_index)));
  }
  return net;
}

}  // namespace quantd
