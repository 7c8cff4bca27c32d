// The tables of non-uniform weights.
// Not here: clustering weights (engine/quant/snq.h).
#ifndef QUANTD_ENGINE_EXPORT_WEIGHT_TABLES_H_
#define QUANTD_ENGINE_EXPORT_WEIGHT_TABLES_H_

#include <string>

#include "absl/status/statusor.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The different WeightCodes() of blob 0 of `layer`, 16 signed bytes for each
// scale_w of `record`, in their order: ascending, the largest repeated to fill
// up. A 4-bit weight is the index of its code there.
// Errors: those of WeightCodes(); FAILED_PRECONDITION, WEIGHTS_NOT_CLUSTERED
// with layer and channel for more than 16.
absl::StatusOr<std::string> WeightTables(const caffe::LayerParameter& layer,
                                         const amct::SingleLayerRecord& record);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_WEIGHT_TABLES_H_
