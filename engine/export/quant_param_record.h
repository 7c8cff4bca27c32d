// quant_param_record.txt and .bin: the factors that the SoC's compiler reads
// beside a fixed-point model.
#ifndef QUANTD_ENGINE_EXPORT_QUANT_PARAM_RECORD_H_
#define QUANTD_ENGINE_EXPORT_QUANT_PARAM_RECORD_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/config/quant_plan.h"
#include "proto/amct/calibration_param.pb.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// One entry per layer of `net` that has bottoms, in net order, with one input
// per bottom. Scales are float32(1 / step). A quantized input has data_type S8,
// or S16 from 9 bits on, and its offset; a float one F16, 1.0, 0.0. Weights are
// S8, one scale or one per channel, without offset; those of 4 bits have their
// WeightTables() in params. calc_data_type is set to S16 for a layer with an
// S16 input. `record` covers `plan` (CheckRecordCovers()); weights of 4 bits
// are clustered in `net`.
// Errors: those of WeightTables().
absl::StatusOr<calibration::CalibrationParam> QuantParamRecord(
    const caffe::NetParameter& net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record);

// As text: indent 2, floats as Python prints them ("1.0", "0.9985902").
std::string QuantParamRecordToText(const calibration::CalibrationParam& param);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_QUANT_PARAM_RECORD_H_
