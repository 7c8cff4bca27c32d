#include "engine/export/user_record.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/config/scale_record.h"

namespace quantd {
namespace {

using Entry = amct::ScaleOffsetRecord::MapFiledEntry;

// True for the entries that AMCT writes for layers that are only kept out of
// fusion.
bool OnlySkipsFusion(const amct::SingleLayerRecord& value) {
  return value.skip_fusion() && value.scale_w_size() == 0 &&
         value.record_d_size() == 0;
}

void Configure(const amct::SingleLayerRecord& value, absl::string_view type,
               const std::vector<int>& bottoms, LayerQuantConfig* layer) {
  layer->quant_enable = true;
  for (size_t i = 0; i < bottoms.size() && i < layer->activations.size(); ++i) {
    const auto* input = FindInputRecord(value, bottoms[i]);
    if (input != nullptr) layer->activations[i].num_bits = NumBits(*input);
  }
  if (!layer->weights) return;
  layer->weights->channel_wise = !IsRecurrent(type) && value.scale_w_size() > 1;
  if (value.num_bits_w() != 4) return;
  layer->weights->wts_algo = WeightAlgorithm::kSnq;
  layer->weights->num_bits = 4;
}

// The reader that keeps `blob` float for the others; null if there is none.
const ErrorMetadata* FindRefusal(const QuantPlan& plan,
                                 const std::string& blob) {
  for (const Warning& warning : plan.warnings) {
    if (warning.reason != "CONSUMER_NOT_QUANTIZED") continue;
    const auto found = warning.metadata.find("blob");
    if (found != warning.metadata.end() && found->second == blob) {
      return &warning.metadata;
    }
  }
  return nullptr;
}

std::string FloatReasonOf(const QuantPlan& plan, const std::string& layer) {
  for (const FloatLayer& candidate : plan.floats) {
    if (candidate.layer == layer) return candidate.reason;
  }
  return "it has no such input";
}

absl::Status CheckInputUsed(const caffe::LayerParameter& layer, int index,
                            const QuantPlan& plan, const std::string& file) {
  const std::string& name = layer.name();
  if (plan.FindInput(name, index) != nullptr) return absl::OkStatus();
  const bool exists = index >= 0 && index < layer.bottom_size();
  const std::string blob = exists ? layer.bottom(index) : "";
  const ErrorMetadata* refusal = FindRefusal(plan, blob);
  const std::string other = refusal == nullptr ? "" : refusal->at("layer");
  if (refusal == nullptr || other == name) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                 absl::StrCat(file, ": layer ", name, " cannot be quantized: ",
                              FloatReasonOf(plan, name), ". Remove its record"),
                 {{"file", file}, {"layer", name}});
  }
  return Error(
      absl::StatusCode::kFailedPrecondition, "RECORD_INCONSISTENT",
      absl::StrCat(file, ": layers \"", name, "\" and \"", other,
                   "\" read blob \"", blob,
                   "\", but only the first has factors for it; all readers of "
                   "a blob must be quantized or none. Add a record of \"",
                   other, "\" with the same scale_d, or remove this one"),
      {{"file", file},
       {"layer", name},
       {"other", other},
       {"blob", blob},
       {"field", "record_d"}});
}

}  // namespace

absl::StatusOr<QuantConfig> ConfigOfRecord(
    const amct::ScaleOffsetRecord& record, const caffe::NetParameter& net,
    const std::string& file_name, Target target) {
  ASSIGN_OR_RETURN(QuantConfig config, DefaultQuantConfig(net, target));
  config.activation_offset = false;
  config.off_reason = "the record has no factors for it";
  absl::flat_hash_map<std::string, const caffe::LayerParameter*> params;
  for (const caffe::LayerParameter& layer : net.layer()) {
    params[layer.name()] = &layer;
  }
  absl::flat_hash_map<std::string, LayerQuantConfig*> layers;
  for (LayerQuantConfig& layer : config.layers) {
    layer.quant_enable = false;
    layers[layer.name] = &layer;
  }
  bool has_factors = false;
  for (const Entry& entry : record.record()) {
    const amct::SingleLayerRecord& value = entry.value();
    if (value.skip_fusion()) config.skip_fusion_layers.push_back(entry.key());
    if (OnlySkipsFusion(value)) continue;
    has_factors = true;
    for (const auto& input : value.record_d()) {
      config.activation_offset |= input.offset_d() != 0;
    }
    const auto layer = layers.find(entry.key());
    if (layer == layers.end()) continue;
    const caffe::LayerParameter& param = *params.at(entry.key());
    Configure(value, param.type(), QuantizedBottoms(param), layer->second);
  }
  if (has_factors) return config;
  return Error(absl::StatusCode::kFailedPrecondition, "NOTHING_QUANTIZED",
               absl::StrCat(file_name,
                            ": the record has no factors; give it an entry "
                            "for each layer to be quantized"),
               {{"file", file_name}});
}

absl::Status CheckKeysSurvivedFusion(const amct::ScaleOffsetRecord& record,
                                     const FusionReport& report,
                                     const std::string& file_name) {
  absl::flat_hash_map<std::string, std::string> heads;  // By member.
  for (const auto& [head, originals] : report.fused) {
    for (const std::string& member : originals) {
      if (member != head) heads[member] = head;
    }
  }
  for (const Entry& entry : record.record()) {
    const auto head = heads.find(entry.key());
    if (head == heads.end()) continue;
    return Error(
        absl::StatusCode::kInvalidArgument, "LAYER_NOT_FOUND",
        absl::StrCat(file_name, ": find ", entry.key(),
                     " failure in the model. Please match the model and ",
                     file_name, ". The layer is fused into \"", head->second,
                     "\": set skip_fusion in its record, or remove that"),
        {{"file", file_name},
         {"layer", entry.key()},
         {"field", "skip_fusion"},
         {"other", head->second}});
  }
  return absl::OkStatus();
}

absl::Status CheckRecordUsed(const amct::ScaleOffsetRecord& record,
                             const caffe::NetParameter& net,
                             const QuantPlan& plan,
                             const std::string& file_name) {
  absl::flat_hash_map<std::string, const caffe::LayerParameter*> layers;
  for (const caffe::LayerParameter& layer : net.layer()) {
    layers[layer.name()] = &layer;
  }
  for (const Entry& entry : record.record()) {
    const auto layer = layers.find(entry.key());
    if (layer == layers.end() || OnlySkipsFusion(entry.value())) continue;
    // An entry without inputs wants them all; CheckRecordCovers() finds those
    // that are missing.
    if (entry.value().record_d_size() == 0) {
      for (const int index : QuantizedBottoms(*layer->second)) {
        RETURN_IF_ERROR(CheckInputUsed(*layer->second, index, plan, file_name));
      }
    }
    for (const auto& input : entry.value().record_d()) {
      RETURN_IF_ERROR(
          CheckInputUsed(*layer->second, input.index(), plan, file_name));
    }
  }
  return absl::OkStatus();
}

std::vector<Warning> FindUnusedFields(const amct::ScaleOffsetRecord& record,
                                      const std::string& file_name) {
  for (const Entry& entry : record.record()) {
    if (entry.value().shift_bit_size() == 0) continue;
    return {{"SHIFT_BIT_IGNORED",
             absl::StrCat(file_name, ": layer \"", entry.key(),
                          "\" has shift_bit, which SS928 does not use; it is "
                          "ignored, here and in other layers"),
             {{"file", file_name},
              {"layer", entry.key()},
              {"field", "shift_bit"}}}};
  }
  return {};
}

}  // namespace quantd
