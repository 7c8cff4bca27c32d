// The deploy model: what goes to the SoC's compiler.
#ifndef QUANTD_ENGINE_EXPORT_DEPLOY_MODEL_H_
#define QUANTD_ENGINE_EXPORT_DEPLOY_MODEL_H_

#include "absl/status/statusor.h"
#include "engine/config/quant_plan.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `net` with integers in place of the floats of the plan's weight layers: blob
// 0 in int8_data, blob 1 (the bias) in int32_data, steps scale_w and scale_w *
// scale_d of input 0. Topology, shapes and all other blobs stay; there are no
// Quant layers. `net` is the plan's net; `record` covers `plan`
// (CheckRecordCovers()).
// Errors: those of WeightCodes() and BiasCodes() (layer_weights.h).
absl::StatusOr<caffe::NetParameter> DeployModel(
    caffe::NetParameter net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_DEPLOY_MODEL_H_
