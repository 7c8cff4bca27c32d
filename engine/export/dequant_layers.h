// DeQuant layers behind what a plan quantizes, as CANN's models have them.
// Not here: Quant layers (engine/graph/insert_quant_layers.h), choosing the
// shifts (engine/quant/shift_search.h).
#ifndef QUANTD_ENGINE_EXPORT_DEQUANT_LAYERS_H_
#define QUANTD_ENGINE_EXPORT_DEQUANT_LAYERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/config/quant_plan.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// What the sums of a layer are multiplied by.
struct DequantFactor {
  float scale = 1;  // scale_d * scale_w.
  int shift_bit = 0;
  int offset_w = 0;
};

// CANN's 64 bits of a factor: 0..31 the bits of the float32 scale, 32..39
// shift_bit, 40..47 offset_w as a byte.
uint64_t PackDequantFactor(const DequantFactor& factor);
DequantFactor UnpackDequantFactor(uint64_t packed);

// The factors of the layer that `record` is of, which has scale_d for input 0:
// one per scale_w, or one of a layer without weights. Without shift_bit: 0.
std::vector<DequantFactor> DequantFactorsOf(
    const amct::SingleLayerRecord& record);

// "<layer>_dequant_layer".
std::string DequantLayerName(absl::string_view layer);

// Which blobs the DeQuant layers have.
enum class DequantBlobs {
  // The deploy model's: PackDequantFactor() in uint64_data.
  kPacked,
  // The fake-quant model's: scale, shift_bit, offset_w, float32.
  kFloats,
};

// `net`, with Quant layers or without, with a DeQuant layer directly behind
// each layer of `plan`. It writes the blob that the layer wrote, so that
// readers and outputs keep their names; the layer's own top is called
// "<layer>_quantized". dequant_param: channel_wise for several factors,
// object_layer, layer_type. Blobs have one value or one per channel.
// Errors: INVALID_ARGUMENT, MODEL_INVALID if a layer or blob of a new name
// exists.
absl::StatusOr<caffe::NetParameter> InsertDequantLayers(
    caffe::NetParameter net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record, DequantBlobs blobs);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_DEQUANT_LAYERS_H_
