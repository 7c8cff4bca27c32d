#include "engine/export/cann_record.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/ascend.h"
#include "engine/config/scale_record.h"
#include "engine/export/record_text.h"

namespace quantd {
namespace {

bool HasFactors(const amct::SingleLayerRecord& value) {
  return value.record_d_size() > 0 || value.scale_w_size() > 0 ||
         value.shift_bit_size() > 0;
}

amct::nnn::SingleLayerRecord ToCann(const amct::SingleLayerRecord& value) {
  amct::nnn::SingleLayerRecord cann;
  if (const auto* input = FindInputRecord(value, 0); input != nullptr) {
    if (input->has_scale_d()) cann.set_scale_d(input->scale_d());
    if (input->has_offset_d()) cann.set_offset_d(input->offset_d());
    if (input->has_channels()) cann.set_channels(input->channels());
    if (input->has_height()) cann.set_height(input->height());
    if (input->has_width()) cann.set_width(input->width());
  }
  *cann.mutable_scale_w() = value.scale_w();
  *cann.mutable_offset_w() = value.offset_w();
  *cann.mutable_shift_bit() = value.shift_bit();
  if (value.has_skip_fusion()) cann.set_skip_fusion(value.skip_fusion());
  return cann;
}

amct::SingleLayerRecord FromCann(const amct::nnn::SingleLayerRecord& cann) {
  amct::SingleLayerRecord value;
  if (cann.has_scale_d() || cann.has_offset_d()) {
    amct::ActivationQuantParam* input = value.add_record_d();
    input->set_index(0);
    if (cann.has_scale_d()) input->set_scale_d(cann.scale_d());
    if (cann.has_offset_d()) input->set_offset_d(cann.offset_d());
    if (cann.has_channels()) input->set_channels(cann.channels());
    if (cann.has_height()) input->set_height(cann.height());
    if (cann.has_width()) input->set_width(cann.width());
  }
  *value.mutable_scale_w() = cann.scale_w();
  *value.mutable_offset_w() = cann.offset_w();
  *value.mutable_shift_bit() = cann.shift_bit();
  if (cann.has_skip_fusion()) value.set_skip_fusion(cann.skip_fusion());
  return value;
}

}  // namespace

amct::nnn::ScaleOffsetRecord ToCannRecord(
    const amct::ScaleOffsetRecord& record) {
  amct::nnn::ScaleOffsetRecord cann;
  for (const auto& entry : record.record()) {
    auto* to = cann.add_record();
    if (entry.has_key()) to->set_key(entry.key());
    if (entry.has_value()) *to->mutable_value() = ToCann(entry.value());
  }
  return cann;
}

amct::ScaleOffsetRecord FromCannRecord(
    const amct::nnn::ScaleOffsetRecord& record) {
  amct::ScaleOffsetRecord result;
  for (const auto& entry : record.record()) {
    auto* to = result.add_record();
    if (entry.has_key()) to->set_key(entry.key());
    if (entry.has_value()) *to->mutable_value() = FromCann(entry.value());
  }
  return result;
}

std::string CannRecordToText(const amct::ScaleOffsetRecord& record) {
  return RecordMessageToText(ToCannRecord(record));
}

absl::StatusOr<amct::ScaleOffsetRecord> ParseCannRecord(
    absl::string_view text, const std::string& file_name) {
  amct::nnn::ScaleOffsetRecord cann;
  RETURN_IF_ERROR(ParseRecordMessage(text, file_name, &cann));
  return FromCannRecord(cann);
}

absl::Status CheckAscendRecord(const amct::ScaleOffsetRecord& record,
                               const caffe::NetParameter& net,
                               const std::string& file_name) {
  absl::flat_hash_map<std::string, const caffe::LayerParameter*> layers;
  for (const auto& layer : net.layer()) layers[layer.name()] = &layer;
  for (const auto& entry : record.record()) {
    const auto layer = layers.find(entry.key());
    if (layer == layers.end() || !HasFactors(entry.value())) continue;
    const std::string refusal = AscendRefusal(*layer->second);
    if (!refusal.empty()) {
      return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                   absl::StrCat(file_name, ": layer ", entry.key(),
                                " cannot be quantized: ", refusal,
                                ". Remove its record"),
                   {{"file", file_name}, {"layer", entry.key()}});
    }
    const int shifts = entry.value().shift_bit_size();
    const int factors = std::max(1, entry.value().scale_w_size());
    if (shifts == 0 || shifts == factors) continue;
    return Error(
        absl::StatusCode::kInvalidArgument, "RECORD_INVALID",
        absl::StrCat(file_name, ": shift_bit must have ", factors,
                     " values, as many as scale_w, or none, but has ", shifts,
                     " in layer ", entry.key(), "."),
        {{"file", file_name}, {"layer", entry.key()}, {"field", "shift_bit"}});
  }
  return absl::OkStatus();
}

}  // namespace quantd
