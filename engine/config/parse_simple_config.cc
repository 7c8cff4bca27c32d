#include "engine/config/parse_simple_config.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "engine/config/ascend.h"
#include "engine/config/config_place.h"
#include "engine/config/known_layers.h"
#include "engine/config/quant_ranges.h"
#include "engine/config/quantizable.h"
#include "engine/config/simple_calibration.h"
#include "engine/config/simple_config_text.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace quantd {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

// Some editors begin a UTF-8 file so.
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Reads one file for one net.
class Reader {
 public:
  Reader(SimpleConfigText* text, QuantConfig config,
         const caffe::NetParameter& net)
      : file_(text->config()),
        places_(text->places()),
        config_(std::move(config)),
        known_(net, config_) {}

  absl::StatusOr<QuantConfig> Read();

 private:
  absl::Status ReadGlobals();
  absl::Status ReadBnUpdate();
  absl::Status ReadSkipFusionLayers();
  absl::Status ReadSkipped();
  absl::Status ReadCommon();
  absl::Status ReadTypes();
  absl::Status ReadLayers();
  absl::Status Apply(const SimpleCalibration& calibration, bool named,
                     LayerQuantConfig* layer) const;
  absl::Status Missing(absl::string_view field, const ConfigPlace& place) const;

  // Checks that none of `names` is there twice; the error stands at the second.
  absl::Status CheckOnce(absl::string_view field,
                         const std::vector<std::string>& names) const;
  absl::Status CheckType(const std::string& type, absl::string_view field,
                         const ConfigPlace& place) const;

  const amct::AMCTConfig& file_;
  const FieldPlaces places_;
  QuantConfig config_;
  const KnownLayers known_;
  absl::flat_hash_set<std::string> skipped_;     // Layers.
  absl::flat_hash_set<std::string> overridden_;  // Layers with entries.
};

absl::Status Reader::CheckOnce(absl::string_view field,
                               const std::vector<std::string>& names) const {
  absl::flat_hash_set<absl::string_view> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    if (seen.insert(names[i]).second) continue;
    return CheckNoneRepeated(field, names,
                             places_.At(field, static_cast<int>(i)));
  }
  return absl::OkStatus();
}

absl::Status Reader::CheckType(const std::string& type, absl::string_view field,
                               const ConfigPlace& place) const {
  const bool known = config_.target == Target::kAscend ? IsAscendType(type)
                                                       : IsQuantizable(type);
  if (known) return absl::OkStatus();
  return PlaceError(
      absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
      absl::StrCat("Layer type ", type,
                   " does not support quantize; remove it from ", field),
      place,
      {{"type", type},
       {"field", std::string(field)},
       {"options", std::string(field)}});
}

absl::Status Reader::Missing(absl::string_view field,
                             const ConfigPlace& place) const {
  return PlaceError(absl::StatusCode::kInvalidArgument, "CONFIG_PARSE",
                    absl::StrCat(field, " is missing; add it"), place,
                    {{"field", std::string(field)}});
}

absl::Status Reader::ReadGlobals() {
  if (file_.has_batch_num()) {
    RETURN_IF_ERROR(ReadBatchNum(file_.batch_num(), places_.At("batch_num"),
                                 &config_.batch_num));
  }
  if (file_.has_activation_offset()) {
    config_.activation_offset = file_.activation_offset();
  }
  config_.do_fusion = file_.do_fusion();
  RETURN_IF_ERROR(ReadBnUpdate());
  return ReadSkipFusionLayers();
}

absl::Status Reader::ReadBnUpdate() {
  const amct::BnUpdateConfig& bn = file_.bn_update_config();
  const FieldPlaces places = places_.Inside("bn_update_config");
  if (bn.has_bn_update_iterations()) {
    RETURN_IF_ERROR(ReadBnIterations(bn.bn_update_iterations(),
                                     places.At("bn_update_iterations"),
                                     &config_.bn_update.iterations));
  }
  if (bn.has_bn_moving_average_fraction()) {
    RETURN_IF_ERROR(ReadBnFraction(DecimalOf(bn.bn_moving_average_fraction()),
                                   places.At("bn_moving_average_fraction"),
                                   &config_.bn_update.moving_average_fraction));
  }
  if (bn.has_bn_dump_dir()) {
    RETURN_IF_ERROR(ReadBnDumpDir(bn.bn_dump_dir(), places.At("bn_dump_dir"),
                                  &config_.bn_update.dump_dir));
  }
  config_.update_bn = file_.update_bn();
  if (!config_.update_bn) return absl::OkStatus();
  return known_.CheckUpdateBn(places_.At("update_bn"));
}

absl::Status Reader::ReadSkipFusionLayers() {
  constexpr absl::string_view kField = "skip_fusion_layers";
  const Names& names = file_.skip_fusion_layers();
  config_.skip_fusion_layers.assign(names.begin(), names.end());
  RETURN_IF_ERROR(CheckOnce(kField, config_.skip_fusion_layers));
  for (int i = 0; i < names.size(); ++i) {
    RETURN_IF_ERROR(known_.CheckSkipFusion(names[i], places_.At(kField, i)));
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadSkipped() {
  constexpr absl::string_view kLayers = "skip_layers";
  constexpr absl::string_view kTypes = "skip_layer_types";
  const Names& layers = file_.skip_layers();
  const Names& types = file_.skip_layer_types();
  RETURN_IF_ERROR(CheckOnce(kLayers, {layers.begin(), layers.end()}));
  RETURN_IF_ERROR(CheckOnce(kTypes, {types.begin(), types.end()}));
  for (int i = 0; i < layers.size(); ++i) {
    RETURN_IF_ERROR(
        known_
            .FindQuantizable(layers[i],
                             absl::StrCat("Layer ", layers[i],
                                          " does not exist in the graph."),
                             kLayers, places_.At(kLayers, i))
            .status());
    skipped_.insert(layers[i]);
  }
  for (int i = 0; i < types.size(); ++i) {
    RETURN_IF_ERROR(CheckType(types[i], kTypes, places_.At(kTypes, i)));
  }
  const absl::flat_hash_set<std::string> skipped_types(types.begin(),
                                                       types.end());
  for (LayerQuantConfig& layer : config_.layers) {
    if (skipped_types.contains(known_.type(layer.name))) {
      skipped_.insert(layer.name);
    }
    if (skipped_.contains(layer.name)) layer.quant_enable = false;
  }
  return absl::OkStatus();
}

// `named`: the entry is for this layer or its type, and must fit it.
absl::Status Reader::Apply(const SimpleCalibration& calibration, bool named,
                           LayerQuantConfig* layer) const {
  const std::string& type = known_.type(layer->name);
  for (ActivationQuantParams& input : layer->activations) {
    input = calibration.activation;
  }
  if (!calibration.weights) return absl::OkStatus();
  if (!layer->weights) {
    if (!named) return absl::OkStatus();
    return PlaceError(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                      absl::StrCat(calibration.weights_field,
                                   " is only for layers with quantizable "
                                   "weights, not for ",
                                   type),
                      calibration.weights_place,
                      {{"options", calibration.weights_field}, {"type", type}});
  }
  if (calibration.weights->wts_algo == WeightAlgorithm::kSnq &&
      IsRecurrent(type)) {
    return named ? CheckSnqType(type, calibration.weights_place)
                 : absl::OkStatus();
  }
  const bool default_channel_wise = layer->weights->channel_wise;
  layer->weights = calibration.weights;
  layer->weights->channel_wise = default_channel_wise;
  if (!calibration.channel_wise) return absl::OkStatus();
  if (!named && skipped_.contains(layer->name)) return absl::OkStatus();
  ConfigPlace place = calibration.channel_wise_place;
  place.layer = layer->name;
  return ReadChannelWise(*calibration.channel_wise, type, place,
                         &layer->weights->channel_wise);
}

absl::Status Reader::ReadLayers() {
  constexpr absl::string_view kField = "override_layer_configs";
  std::vector<std::string> names;
  for (const auto& entry : file_.override_layer_configs()) {
    names.push_back(entry.layer_name());
  }
  RETURN_IF_ERROR(CheckOnce(kField, names));
  for (int i = 0; i < file_.override_layer_configs_size(); ++i) {
    const amct::OverrideLayer& entry = file_.override_layer_configs(i);
    const ConfigPlace place = places_.At(kField, i);
    const std::string& name = entry.layer_name();
    const FieldPlaces inside = places_.Inside(kField, i, name);
    if (!entry.has_layer_name()) return Missing("layer_name", place);
    if (!entry.has_calibration_config()) {
      return Missing("calibration_config", place);
    }
    ASSIGN_OR_RETURN(
        const int index,
        known_.FindQuantizable(
            name, absl::StrCat("Layer ", name, " does not exist in the graph."),
            kField, places_.Inside(kField, i).At("layer_name")));
    ASSIGN_OR_RETURN(
        const SimpleCalibration calibration,
        ReadSimpleCalibration(entry.calibration_config(),
                              inside.Inside("calibration_config")));
    RETURN_IF_ERROR(Apply(calibration, true, &config_.layers[index]));
    overridden_.insert(name);
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadTypes() {
  constexpr absl::string_view kField = "override_layer_types";
  std::vector<std::string> types;
  for (const auto& entry : file_.override_layer_types()) {
    types.push_back(entry.layer_type());
  }
  RETURN_IF_ERROR(CheckOnce(kField, types));
  absl::flat_hash_map<std::string, SimpleCalibration> calibrations;
  for (int i = 0; i < file_.override_layer_types_size(); ++i) {
    const amct::OverrideLayerType& entry = file_.override_layer_types(i);
    const ConfigPlace place = places_.At(kField, i);
    if (!entry.has_layer_type()) return Missing("layer_type", place);
    if (!entry.has_calibration_config()) {
      return Missing("calibration_config", place);
    }
    const FieldPlaces inside = places_.Inside(kField, i);
    RETURN_IF_ERROR(
        CheckType(entry.layer_type(), kField, inside.At("layer_type")));
    ASSIGN_OR_RETURN(
        SimpleCalibration calibration,
        ReadSimpleCalibration(entry.calibration_config(),
                              inside.Inside("calibration_config")));
    // Also for types that the net does not have.
    bool ignored = false;
    if (calibration.weights &&
        calibration.weights->wts_algo == WeightAlgorithm::kSnq) {
      RETURN_IF_ERROR(
          CheckSnqType(entry.layer_type(), calibration.weights_place));
    }
    if (calibration.channel_wise) {
      RETURN_IF_ERROR(
          ReadChannelWise(*calibration.channel_wise, entry.layer_type(),
                          calibration.channel_wise_place, &ignored));
    }
    calibrations.emplace(entry.layer_type(), std::move(calibration));
  }
  for (LayerQuantConfig& layer : config_.layers) {
    if (overridden_.contains(layer.name)) continue;
    const auto it = calibrations.find(known_.type(layer.name));
    if (it == calibrations.end()) continue;
    RETURN_IF_ERROR(Apply(it->second, true, &layer));
    overridden_.insert(layer.name);
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadCommon() {
  if (!file_.has_common_config()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const SimpleCalibration calibration,
                   ReadSimpleCalibration(file_.common_config(),
                                         places_.Inside("common_config")));
  for (LayerQuantConfig& layer : config_.layers) {
    if (overridden_.contains(layer.name)) continue;
    RETURN_IF_ERROR(Apply(calibration, false, &layer));
  }
  return absl::OkStatus();
}

absl::StatusOr<QuantConfig> Reader::Read() {
  RETURN_IF_ERROR(ReadGlobals());
  RETURN_IF_ERROR(ReadSkipped());
  // From the most particular to the most general.
  RETURN_IF_ERROR(ReadLayers());
  RETURN_IF_ERROR(ReadTypes());
  RETURN_IF_ERROR(ReadCommon());
  for (const LayerQuantConfig& layer : config_.layers) {
    if (layer.quant_enable) return std::move(config_);
  }
  return PlaceError(absl::StatusCode::kFailedPrecondition, "NOTHING_QUANTIZED",
                    "Except skip_layers or skip_types, no layer need to "
                    "quantize.",
                    places_.At("skip_layers", 0), {});
}

}  // namespace

absl::StatusOr<QuantConfig> ParseSimpleQuantConfig(
    absl::string_view text, absl::string_view file_name,
    const caffe::NetParameter& net, Target target) {
  const std::string file(file_name);
  ASSIGN_OR_RETURN(
      const auto parsed,
      SimpleConfigText::Parse(absl::StripPrefix(text, kByteOrderMark), file));
  ASSIGN_OR_RETURN(QuantConfig config, DefaultQuantConfig(net, target));
  return Reader(parsed.get(), std::move(config), net).Read();
}

}  // namespace quantd
