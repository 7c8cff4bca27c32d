// Finding entries of a scale_offset_record in memory.
// Not here: its text and its checks (engine/export/record_file.h).
#ifndef QUANTD_ENGINE_CONFIG_SCALE_RECORD_H_
#define QUANTD_ENGINE_CONFIG_SCALE_RECORD_H_

#include "absl/strings/string_view.h"
#include "proto/amct/scale_offset_record.pb.h"

namespace quantd {

// The record of `layer`; null if there is none. Linear.
const amct::SingleLayerRecord* FindLayerRecord(
    const amct::ScaleOffsetRecord& record, absl::string_view layer);

// The factors of bottom `index`; null if there are none.
const amct::ActivationQuantParam* FindInputRecord(
    const amct::SingleLayerRecord& layer, int index);

// The same by the layer's name.
const amct::ActivationQuantParam* FindInputRecord(
    const amct::ScaleOffsetRecord& record, absl::string_view layer, int index);

// num_bits_d, 8 if it is absent.
int NumBits(const amct::ActivationQuantParam& input);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_SCALE_RECORD_H_
