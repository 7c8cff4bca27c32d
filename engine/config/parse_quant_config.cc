// ParseQuantConfig() of quant_config.h.
#include <limits>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "engine/config/config_keys.h"
#include "engine/config/json_fields.h"
#include "engine/config/quant_config.h"
#include "engine/config/quantizable.h"
#include "engine/config/strict_json.h"
#include "engine/config/suggestions.h"

namespace quantd {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kMaxBatchNum = std::numeric_limits<int32_t>::max();
constexpr double kMaxSearchSteps = 1e6;

// What the reader knows of one layer of the net.
struct KnownLayer {
  std::string type;
  int config_index = -1;  // In QuantConfig::layers; -1: not quantizable.
};
using KnownLayers = absl::flat_hash_map<std::string, KnownLayer>;

absl::Status NotBuilt(absl::string_view feature, const JsonPlace& place) {
  return PlaceError(absl::StatusCode::kUnimplemented, "FEATURE_NOT_BUILT",
                    absl::StrCat(feature,
                                 " is not supported by this build; "
                                 "remove it"),
                    place, {{"feature", std::string(feature)}});
}

absl::Status LayerNotFound(absl::string_view message, const std::string& layer,
                           absl::string_view field, const JsonPlace& place,
                           const caffe::NetParameter& net) {
  std::vector<std::string> names;
  for (const auto& known : net.layer()) names.push_back(known.name());
  const std::string near = absl::StrJoin(Suggestions(layer, names), ", ");
  return PlaceError(
      absl::StatusCode::kInvalidArgument, "LAYER_NOT_FOUND",
      absl::StrCat(message, near.empty()
                                ? ""
                                : absl::StrCat(" Did you mean ", near, "?")),
      place,
      {{"layer", layer}, {"field", std::string(field)}, {"suggestions", near}});
}

absl::Status ReadPercentile(const Json& value, absl::string_view field,
                            const JsonPlace& place, float* out) {
  double number = 0;
  RETURN_IF_ERROR(ReadDouble(value, field, place, &number));
  *out = static_cast<float>(number);
  if (number > 0.5 && number <= 1.0 && *out > 0.5f) return absl::OkStatus();
  return RangeError(field, value,
                    absl::StrCat("The ", field,
                                 " must be greater than 0.5 and less than or "
                                 "equal to 1.0"),
                    "(0.5, 1]", place);
}

absl::Status ReadBits(const Json& value, int64_t low, int64_t high,
                      const JsonPlace& place, int* out) {
  int64_t bits = 0;
  RETURN_IF_ERROR(ReadInt(value, "num_bits", place, &bits));
  if (bits < low || bits > high) {
    const std::string allowed = low == high
                                    ? absl::StrCat(low)
                                    : absl::StrCat("[", low, ", ", high, "]");
    return RangeError("num_bits", value,
                      absl::StrCat("The num_bits must be in ", allowed),
                      allowed, place);
  }
  *out = static_cast<int>(bits);
  return absl::OkStatus();
}

// The search's limits as the file has them: differences of their float32 values
// would refuse a step that equals the range.
struct SearchLimits {
  double start = 0.7;
  double end = 1.3;
  double step = 0.01;
};

absl::Status ReadSearchRange(const Json& value, const JsonPlace& place,
                             SearchLimits* limits) {
  constexpr absl::string_view kField = "search_range";
  constexpr absl::string_view kAllowed = "[start, end], 0 < start < end";
  if (!value.is_array()) return TypeError(kField, value, "list", place);
  if (value.size() != 2) {
    return RangeError(kField, value,
                      "The search_range must have two floating-point number",
                      kAllowed, place);
  }
  RETURN_IF_ERROR(
      ReadDouble(value[0], "search_range[0]", place, &limits->start));
  RETURN_IF_ERROR(ReadDouble(value[1], "search_range[1]", place, &limits->end));
  if (static_cast<float>(limits->start) <= 0) {
    return RangeError(kField, value,
                      "search_range[0] must be greater than zero", kAllowed,
                      place);
  }
  // As float32, for that is what the search uses.
  if (!(static_cast<float>(limits->start) < static_cast<float>(limits->end)) ||
      limits->end > std::numeric_limits<float>::max()) {
    return RangeError(kField, value,
                      "search_range[0] must be less than search_range[1]",
                      kAllowed, place);
  }
  return absl::OkStatus();
}

absl::Status CheckSearchStep(const SearchLimits& limits,
                             const JsonPlace& place) {
  constexpr absl::string_view kField = "search_step";
  const double range = limits.end - limits.start;
  const std::string allowed =
      absl::StrCat("(0, ", range, "], at most ", kMaxSearchSteps, " steps");
  const Json value = limits.step;
  if (static_cast<float>(limits.step) <= 0) {
    return RangeError(kField, value,
                      "The search_step must be greater than zero", allowed,
                      place);
  }
  if (limits.step > range) {
    return RangeError(kField, value,
                      "The search_step must be less than or equal to "
                      "(search_range[1] - search_range[0])",
                      allowed, place);
  }
  if (range / limits.step > kMaxSearchSteps) {
    return RangeError(kField, value,
                      "The search_step is too small for the search_range",
                      allowed, place);
  }
  return absl::OkStatus();
}

absl::Status ReadActivation(const Json& json, const JsonPlace& place,
                            ActivationQuantParams* params) {
  constexpr absl::string_view kGroup = "activation_quant_params";
  RETURN_IF_ERROR(CheckObject(json, kGroup, place));
  SearchLimits limits;
  for (auto it = json.begin(); it != json.end(); ++it) {
    const std::string& key = it.key();
    const Json& value = it.value();
    if (key == "num_bits") {
      RETURN_IF_ERROR(ReadBits(value, 8, 16, place, &params->num_bits));
    } else if (key == "max_percentile") {
      RETURN_IF_ERROR(
          ReadPercentile(value, key, place, &params->max_percentile));
    } else if (key == "min_percentile") {
      RETURN_IF_ERROR(
          ReadPercentile(value, key, place, &params->min_percentile));
    } else if (key == "search_range") {
      RETURN_IF_ERROR(ReadSearchRange(value, place, &limits));
    } else if (key == "search_step") {
      RETURN_IF_ERROR(ReadDouble(value, key, place, &limits.step));
    } else if (key == "with_offset") {
      bool with_offset = false;
      RETURN_IF_ERROR(ReadBool(value, key, place, &with_offset));
      params->with_offset = with_offset;
    } else {
      return UnknownKeyError(key, kGroup, place);
    }
  }
  RETURN_IF_ERROR(CheckSearchStep(limits, place));
  params->search_range_start = static_cast<float>(limits.start);
  params->search_range_end = static_cast<float>(limits.end);
  params->search_step = static_cast<float>(limits.step);
  return absl::OkStatus();
}

// An object holds for every input; a list has one entry per quantized input.
absl::Status ReadActivations(const Json& json, const JsonPlace& place,
                             LayerQuantConfig* layer) {
  if (!json.is_array()) {
    ActivationQuantParams params;
    RETURN_IF_ERROR(ReadActivation(json, place, &params));
    for (ActivationQuantParams& input : layer->activations) input = params;
    return absl::OkStatus();
  }
  const std::string expected = absl::StrCat(layer->activations.size());
  if (json.size() != layer->activations.size()) {
    return PlaceError(
        absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
        absl::StrCat(
            "activation_quant_params must have one entry per quantized "
            "input, ",
            expected, ", but has ", json.size()),
        place,
        {{"field", "activation_quant_params"},
         {"option", "activation_quant_params"},
         {"value", absl::StrCat(json.size())},
         {"allowed", expected}});
  }
  for (size_t i = 0; i < json.size(); ++i) {
    RETURN_IF_ERROR(ReadActivation(json[i], place, &layer->activations[i]));
  }
  return absl::OkStatus();
}

absl::Status ReadAlgorithm(const Json& value, const JsonPlace& place) {
  std::string name;
  RETURN_IF_ERROR(ReadString(value, "wts_algo", place, &name));
  if (name == "snq_quantize") return NotBuilt("snq_quantize", place);
  if (name == "arq_quantize") return absl::OkStatus();
  return RangeError("wts_algo", value, "The wts_algo must be arq_quantize",
                    "arq_quantize", place);
}

absl::Status ReadWeights(const Json& json, const JsonPlace& place,
                         const std::string& type, WeightQuantParams* params) {
  constexpr absl::string_view kGroup = "weight_quant_params";
  RETURN_IF_ERROR(CheckObject(json, kGroup, place));
  // First: it decides what the other keys mean.
  if (json.contains("wts_algo")) {
    RETURN_IF_ERROR(ReadAlgorithm(json["wts_algo"], place));
  }
  for (auto it = json.begin(); it != json.end(); ++it) {
    const std::string& key = it.key();
    if (key == "channel_wise") {
      RETURN_IF_ERROR(ReadBool(it.value(), key, place, &params->channel_wise));
      if (params->channel_wise && !AllowsChannelWise(type)) {
        return RangeError(key, it.value(),
                          absl::StrCat("The channel_wise must be False for "
                                       "layer type ",
                                       type),
                          "false", place);
      }
    } else if (key == "num_bits") {
      RETURN_IF_ERROR(ReadBits(it.value(), 8, 8, place, &params->num_bits));
    } else if (key != "wts_algo") {
      return UnknownKeyError(key, kGroup, place);
    }
  }
  return absl::OkStatus();
}

absl::Status ReadLayer(const Json& json, const JsonPlace& place,
                       const std::string& type, LayerQuantConfig* layer) {
  RETURN_IF_ERROR(CheckObject(json, place.layer, place));
  layer->quant_enable = QuantizedByDefault(type);
  for (auto it = json.begin(); it != json.end(); ++it) {
    const std::string& key = it.key();
    if (key == "quant_enable") {
      RETURN_IF_ERROR(ReadBool(it.value(), key, place, &layer->quant_enable));
    } else if (key == "activation_quant_params") {
      RETURN_IF_ERROR(ReadActivations(it.value(), place, layer));
    } else if (key == "weight_quant_params") {
      if (!layer->weights) {
        return PlaceError(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                          absl::StrCat("weight_quant_params is only for layers "
                                       "with quantizable weights, not for ",
                                       type),
                          place, {{"options", key}, {"type", type}});
      }
      RETURN_IF_ERROR(ReadWeights(it.value(), place, type, &*layer->weights));
    } else {
      return UnknownKeyError(key, "layer", place);
    }
  }
  return absl::OkStatus();
}

absl::Status ReadSkipFusionLayers(const Json& json, const JsonPlace& place,
                                  const KnownLayers& known,
                                  const caffe::NetParameter& net,
                                  std::vector<std::string>* layers) {
  constexpr absl::string_view kField = "skip_fusion_layers";
  if (!json.is_array()) return TypeError(kField, json, "list", place);
  for (const Json& item : json) {
    std::string name;
    RETURN_IF_ERROR(ReadString(item, kField, place, &name));
    const auto it = known.find(name);
    if (it == known.end()) {
      return LayerNotFound(absl::StrCat("Layer \"", name,
                                        "\" in skip_fusion_layers does not "
                                        "exist in the graph."),
                           name, kField, place, net);
    }
    if (!IsFusible(it->second.type)) {
      return PlaceError(
          absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
          absl::StrCat("Layer \"", name, "\" in skip_fusion_layers is of type ",
                       it->second.type,
                       ", which takes no part in fusion; remove "
                       "it"),
          place,
          {{"layer", name},
           {"options", std::string(kField)},
           {"type", it->second.type}});
    }
    layers->push_back(std::move(name));
  }
  return absl::OkStatus();
}

absl::Status CheckBnUpdateConfig(const Json& json, const JsonPlace& place) {
  constexpr absl::string_view kGroup = "bn_update_config";
  RETURN_IF_ERROR(CheckObject(json, kGroup, place));
  for (auto it = json.begin(); it != json.end(); ++it) {
    const std::string& key = it.key();
    if (key == "bn_moving_average_fraction") {
      double fraction = 0;
      RETURN_IF_ERROR(ReadDouble(it.value(), key, place, &fraction));
      if (!(fraction > 0 && fraction < 1)) {
        return RangeError(key, it.value(),
                          "The bn_moving_average_fraction must be in (0, 1)",
                          "(0, 1)", place);
      }
    } else if (key == "bn_update_iterations") {
      int64_t iterations = 0;
      RETURN_IF_ERROR(ReadInt(it.value(), key, place, &iterations));
      if (iterations <= 0 || iterations >= 1000) {
        return RangeError(key, it.value(),
                          "The bn_update_iterations must be in (0, 1000)",
                          "(0, 1000)", place);
      }
    } else if (key == "bn_dump_dir") {
      std::string ignored;
      RETURN_IF_ERROR(ReadString(it.value(), key, place, &ignored));
    } else {
      return UnknownKeyError(key, kGroup, place);
    }
  }
  return absl::OkStatus();
}

absl::Status ReadGlobal(const std::string& key, const Json& value,
                        const JsonPlace& place, const KnownLayers& known,
                        const caffe::NetParameter& net, QuantConfig* config) {
  bool ignored = false;
  if (key == "version") {
    int64_t version = 0;
    RETURN_IF_ERROR(ReadInt(value, key, place, &version));
    if (version == 1) return absl::OkStatus();
    return RangeError(key, value, "The version must be 1.", "1", place);
  }
  if (key == "batch_num") {
    RETURN_IF_ERROR(ReadInt(value, key, place, &config->batch_num));
    if (config->batch_num > 0 && config->batch_num <= kMaxBatchNum) {
      return absl::OkStatus();
    }
    return RangeError(key, value, "The batch_num must be greater than zero.",
                      absl::StrCat("[1, ", kMaxBatchNum, "]"), place);
  }
  if (key == "activation_offset") {
    return ReadBool(value, key, place, &config->activation_offset);
  }
  if (key == "do_fusion") {
    return ReadBool(value, key, place, &config->do_fusion);
  }
  if (key == "skip_fusion_layers") {
    return ReadSkipFusionLayers(value, place, known, net,
                                &config->skip_fusion_layers);
  }
  if (key == "bn_update_config") return CheckBnUpdateConfig(value, place);
  // joint_quant and update_bn.
  RETURN_IF_ERROR(ReadBool(value, key, place, &ignored));
  return ignored && key == "update_bn" ? NotBuilt("update_bn", place)
                                       : absl::OkStatus();
}

absl::Status ReadLayerEntry(const std::string& name, const Json& value,
                            const std::string& file, const KnownLayers& known,
                            const caffe::NetParameter& net,
                            QuantConfig* config) {
  const auto it = known.find(name);
  if (it == known.end()) {
    return LayerNotFound(
        value.is_object()
            ? absl::StrCat("Layer ", name, " does not exist in the graph.")
            : absl::StrCat(name, " is an invalid layer name or parameter."),
        name, name, {file, ""}, net);
  }
  if (it->second.config_index < 0) {
    return PlaceError(
        absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
        absl::StrCat("layer ", name, " does not support quant. Layer type ",
                     it->second.type,
                     " does not support quantize; remove the "
                     "entry"),
        {file, ""},
        {{"layer", name}, {"options", name}, {"type", it->second.type}});
  }
  return ReadLayer(value, {file, name}, it->second.type,
                   &config->layers[it->second.config_index]);
}

}  // namespace

absl::StatusOr<QuantConfig> ParseQuantConfig(absl::string_view json_text,
                                             absl::string_view file_name,
                                             const caffe::NetParameter& net) {
  const std::string file(file_name);
  ASSIGN_OR_RETURN(const Json json, ParseStrictJson(json_text, file));
  ASSIGN_OR_RETURN(QuantConfig config, DefaultQuantConfig(net));
  RETURN_IF_ERROR(CheckObject(json, "the configuration", {file, ""}));

  KnownLayers known;
  for (const auto& layer : net.layer()) known[layer.name()].type = layer.type();
  for (size_t i = 0; i < config.layers.size(); ++i) {
    config.layers[i].quant_enable = false;
    known[config.layers[i].name].config_index = static_cast<int>(i);
  }
  for (auto it = json.begin(); it != json.end(); ++it) {
    RETURN_IF_ERROR(
        IsGlobalConfigKey(it.key())
            ? ReadGlobal(it.key(), it.value(), {file, ""}, known, net, &config)
            : ReadLayerEntry(it.key(), it.value(), file, known, net, &config));
  }
  for (const LayerQuantConfig& layer : config.layers) {
    if (layer.quant_enable) return config;
  }
  return PlaceError(absl::StatusCode::kFailedPrecondition, "NOTHING_QUANTIZED",
                    "No quant enable layer in quant config file, please check "
                    "the quant config file.",
                    {file, ""}, {});
}

}  // namespace quantd
