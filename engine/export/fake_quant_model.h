// The fake-quant model: floats that show the accuracy of the integers.
#ifndef QUANTD_ENGINE_EXPORT_FAKE_QUANT_MODEL_H_
#define QUANTD_ENGINE_EXPORT_FAKE_QUANT_MODEL_H_

#include "absl/status/statusor.h"
#include "engine/config/quant_plan.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `net` with Quant layers (InsertQuantLayers()) and, in the plan's weight
// layers, the integers of the deploy model times their steps, float32:
// blob 0 code * scale_w, blob 1 code * (scale_w * scale_d). `net` is the plan's
// net; `record` covers `plan` (CheckRecordCovers()).
// Errors: those of WeightCodes() and BiasCodes() (layer_weights.h) and
// InsertQuantLayers().
absl::StatusOr<caffe::NetParameter> FakeQuantModel(
    caffe::NetParameter net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_FAKE_QUANT_MODEL_H_
