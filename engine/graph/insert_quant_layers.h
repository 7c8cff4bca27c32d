// Puts Quant layers in front of what a plan quantizes: the fake-quant graph.
// Not here: quantized weights (engine/export/fake_quant_model.h).
#ifndef QUANTD_ENGINE_GRAPH_INSERT_QUANT_LAYERS_H_
#define QUANTD_ENGINE_GRAPH_INSERT_QUANT_LAYERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/config/quant_plan.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Name of the Quant layer of `blob`, and of its top:
// "<first consumer>_<its bottom index>_quant_layer".
std::string QuantLayerName(const QuantizedBlob& blob);

// `net`, the net that `plan` was made of, with one Quant layer per quantized
// blob, directly before its first consumer; all its consumers read the Quant
// layer's top. quant_param: with_offset of the plan; scale = float32(1 /
// scale_d), offset, num_bits_d of the first consumer's record; object_layer and
// index of the first consumer. Weights are left as they are.
// Errors: FAILED_PRECONDITION, RECORD_INCOMPLETE with the layer if `record`
// has no factors for a blob; INVALID_ARGUMENT if a layer or blob of the new
// name exists.
absl::StatusOr<caffe::NetParameter> InsertQuantLayers(
    caffe::NetParameter net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record);

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_INSERT_QUANT_LAYERS_H_
