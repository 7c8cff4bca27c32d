#include "engine/config/scale_record.h"

namespace quantd {

const amct::SingleLayerRecord* FindLayerRecord(
    const amct::ScaleOffsetRecord& record, absl::string_view layer) {
  for (const auto& entry : record.record()) {
    if (entry.key() == layer) return &entry.value();
  }
  return nullptr;
}

const amct::ActivationQuantParam* FindInputRecord(
    const amct::SingleLayerRecord& layer, int index) {
  for (const amct::ActivationQuantParam& input : layer.record_d()) {
    if (input.index() == index) return &input;
  }
  return nullptr;
}

const amct::ActivationQuantParam* FindInputRecord(
    const amct::ScaleOffsetRecord& record, absl::string_view layer, int index) {
  const amct::SingleLayerRecord* found = FindLayerRecord(record, layer);
  return found == nullptr ? nullptr : FindInputRecord(*found, index);
}

int NumBits(const amct::ActivationQuantParam& input) {
  return input.has_num_bits_d() ? input.num_bits_d() : 8;
}

}  // namespace quantd
