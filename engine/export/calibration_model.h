// The model that AMCT calibrates: IFMR layers watch what is to be quantized.
// Not here: running it (engine/jobs), which needs no such layers.
#ifndef QUANTD_ENGINE_EXPORT_CALIBRATION_MODEL_H_
#define QUANTD_ENGINE_EXPORT_CALIBRATION_MODEL_H_

#include <cstdint>
#include <string>

#include "engine/config/quant_plan.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `net`, the plan's net, with an IFMR layer in front of the first consumer of
// each quantized blob: bottom the blob, or all those that it is searched with
// (the layer stands behind the last of them then), no top, name
// "<layer>_<index>_ifmr_layer" by that consumer, object_layer all consumers.
// batch_num: forward passes. record_path: where they write the factors. CANN's
// schema, for Ascend, has no index and bits.
caffe::NetParameter CalibrationModel(caffe::NetParameter net,
                                     const QuantPlan& plan, int64_t batch_num,
                                     const std::string& record_path,
                                     Target target = Target::kSs928);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_CALIBRATION_MODEL_H_
