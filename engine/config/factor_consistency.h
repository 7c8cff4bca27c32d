// Finds factors that the SoC's compiler will dislike after calibration.
// Not here: different factors for one blob (engine/export/record_file.h).
#ifndef QUANTD_ENGINE_CONFIG_FACTOR_CONSISTENCY_H_
#define QUANTD_ENGINE_CONFIG_FACTOR_CONSISTENCY_H_

#include <vector>

#include "engine/config/quant_plan.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The compiler wants the factors of the inputs of a layer that only moves data
// (OnlyMovesData()) equal to those of the layer that reads its outputs. One
// warning, INCONSISTENT_FACTORS in AMCT's words, for each such layer where they
// differ; none at the end of the net. `net` is the plan's net, `record` covers
// `plan`.
std::vector<Warning> FindInconsistentFactors(
    const caffe::NetParameter& net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_FACTOR_CONSISTENCY_H_
