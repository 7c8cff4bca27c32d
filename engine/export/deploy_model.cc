#include "engine/export/deploy_model.h"

#include <string>
#include <vector>

#include "base/status_macros.h"
#include "engine/config/scale_record.h"
#include "engine/core/blob_proto.h"
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
  ASSIGN_OR_RETURN(const std::vector<int8_t> codes,
                   WeightCodes(*layer, record));
  caffe::BlobProto* weights = layer->mutable_blobs(0);
  ClearFloats(weights);
  weights->set_int8_data(std::string(codes.begin(), codes.end()));
  if (layer->blobs_size() < 2) return absl::OkStatus();

  caffe::BlobProto* bias = layer->mutable_blobs(1);
  ASSIGN_OR_RETURN(const Tensor values, MakeTensor(*bias));
  ASSIGN_OR_RETURN(
      const std::vector<int32_t> bias_codes,
      BiasCodes(layer->name(), values.values(), BiasScales(record, scale_d)));
  ClearFloats(bias);
  bias->mutable_int32_data()->Assign(bias_codes.begin(), bias_codes.end());
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
