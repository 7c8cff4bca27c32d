#include "engine/config/parse_quant_config.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/config/config_keys.h"
#include "engine/config/config_place.h"
#include "engine/config/json_fields.h"
#include "engine/config/known_layers.h"
#include "engine/config/quant_ranges.h"
#include "engine/config/quantizable.h"
#include "engine/config/strict_json.h"

namespace quantd {
namespace {

using Json = nlohmann::ordered_json;

constexpr SearchNames kSearchNames = {"search_range[0]", "search_range[1]",
                                      "search_range", "search_range"};

absl::Status ReadPercentileField(const Json& value, absl::string_view field,
                                 const ConfigPlace& place, float* out) {
  double number = 0;
  RETURN_IF_ERROR(ReadDouble(value, field, place, &number));
  return ReadPercentile(number, field, place, out);
}

absl::Status ReadSearchRange(const Json& value, const ConfigPlace& place,
                             SearchLimits* limits) {
  constexpr absl::string_view kField = "search_range";
  if (!value.is_array()) return TypeError(kField, value, "list", place);
  if (value.size() != 2) {
    return RangeError(kField, ShownJson(value),
                      "The search_range must have two floating-point number",
                      "[start, end], 0 < start < end", place);
  }
  RETURN_IF_ERROR(
      ReadDouble(value[0], "search_range[0]", place, &limits->start));
  RETURN_IF_ERROR(ReadDouble(value[1], "search_range[1]", place, &limits->end));
  return CheckSearchRange(*limits, kSearchNames, place);
}

absl::Status ReadActivation(const Json& json, const ConfigPlace& place,
                            ActivationQuantParams* params) {
  constexpr absl::string_view kGroup = "activation_quant_params";
  RETURN_IF_ERROR(CheckObject(json, kGroup, place));
  SearchLimits limits;
  for (auto it = json.begin(); it != json.end(); ++it) {
    const std::string& key = it.key();
    const Json& value = it.value();
    if (key == "num_bits") {
      int64_t bits = 0;
      RETURN_IF_ERROR(ReadInt(value, key, place, &bits));
      RETURN_IF_ERROR(ReadDataBits(bits, place, &params->num_bits));
    } else if (key == "max_percentile") {
      RETURN_IF_ERROR(
          ReadPercentileField(value, key, place, &params->max_percentile));
    } else if (key == "min_percentile") {
      RETURN_IF_ERROR(
          ReadPercentileField(value, key, place, &params->min_percentile));
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
  return ReadSearch(limits, kSearchNames, place, params);
}

// An object holds for every input; a list has one entry per quantized input.
absl::Status ReadActivations(const Json& json, const ConfigPlace& place,
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

absl::Status ReadAlgorithm(const Json& value, const ConfigPlace& place,
                           const std::string& type, WeightQuantParams* params) {
  std::string name;
  RETURN_IF_ERROR(ReadString(value, "wts_algo", place, &name));
  if (name == "arq_quantize") return absl::OkStatus();
  if (name != "snq_quantize") {
    return RangeError("wts_algo", ShownJson(value),
                      "The wts_algo must be arq_quantize or snq_quantize",
                      "arq_quantize, snq_quantize", place);
  }
  params->wts_algo = WeightAlgorithm::kSnq;
  params->num_bits = 4;
  return CheckSnqType(type, place);
}

// A key of weight_quant_params that only SNQ has.
absl::Status ReadSnqField(const std::string& key, const Json& value,
                          const ConfigPlace& place, WeightQuantParams* params) {
  if (key == "max_iteration") {
    int64_t iterations = 0;
    RETURN_IF_ERROR(ReadInt(value, key, place, &iterations));
    return ReadMaxIteration(iterations, place, &params->max_iteration);
  }
  if (key == "min_distance") {
    double distance = 0;
    RETURN_IF_ERROR(ReadDouble(value, key, place, &distance));
    return ReadMinDistance(distance, place, &params->min_distance);
  }
  if (key == "init_algo") {
    std::string name;
    RETURN_IF_ERROR(ReadString(value, key, place, &name));
    return ReadInitAlgo(name, place, &params->init_algo);
  }
  return UnknownKeyError(key, "weight_quant_params", place);
}

absl::Status ReadWeights(const Json& json, const ConfigPlace& place,
                         const std::string& type, WeightQuantParams* params) {
  constexpr absl::string_view kGroup = "weight_quant_params";
  RETURN_IF_ERROR(CheckObject(json, kGroup, place));
  // First: it decides what the other keys mean.
  if (json.contains("wts_algo")) {
    RETURN_IF_ERROR(ReadAlgorithm(json["wts_algo"], place, type, params));
  }
  for (auto it = json.begin(); it != json.end(); ++it) {
    const std::string& key = it.key();
    if (key == "channel_wise") {
      bool channel_wise = false;
      RETURN_IF_ERROR(ReadBool(it.value(), key, place, &channel_wise));
      RETURN_IF_ERROR(
          ReadChannelWise(channel_wise, type, place, &params->channel_wise));
    } else if (key == "num_bits") {
      int64_t bits = 0;
      RETURN_IF_ERROR(ReadInt(it.value(), key, place, &bits));
      RETURN_IF_ERROR(
          ReadWeightBits(bits, params->wts_algo, place, &params->num_bits));
    } else if (params->wts_algo == WeightAlgorithm::kSnq && key != "wts_algo") {
      RETURN_IF_ERROR(ReadSnqField(key, it.value(), place, params));
    } else if (key != "wts_algo") {
      return UnknownKeyError(key, kGroup, place);
    }
  }
  return absl::OkStatus();
}

absl::Status ReadLayer(const Json& json, const ConfigPlace& place,
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

absl::Status ReadSkipFusionLayers(const Json& json, const ConfigPlace& place,
                                  const KnownLayers& known,
                                  std::vector<std::string>* layers) {
  constexpr absl::string_view kField = "skip_fusion_layers";
  if (!json.is_array()) return TypeError(kField, json, "list", place);
  for (const Json& item : json) {
    std::string name;
    RETURN_IF_ERROR(ReadString(item, kField, place, &name));
    RETURN_IF_ERROR(known.CheckSkipFusion(name, place));
    layers->push_back(std::move(name));
  }
  return CheckNoneRepeated(kField, *layers, place);
}

absl::Status ReadBnUpdateConfig(const Json& json, const ConfigPlace& place,
                                BnUpdateConfig* config) {
  constexpr absl::string_view kGroup = "bn_update_config";
  RETURN_IF_ERROR(CheckObject(json, kGroup, place));
  for (auto it = json.begin(); it != json.end(); ++it) {
    const std::string& key = it.key();
    if (key == "bn_moving_average_fraction") {
      double fraction = 0;
      RETURN_IF_ERROR(ReadDouble(it.value(), key, place, &fraction));
      RETURN_IF_ERROR(
          ReadBnFraction(fraction, place, &config->moving_average_fraction));
    } else if (key == "bn_update_iterations") {
      int64_t iterations = 0;
      RETURN_IF_ERROR(ReadInt(it.value(), key, place, &iterations));
      RETURN_IF_ERROR(ReadBnIterations(iterations, place, &config->iterations));
    } else if (key == "bn_dump_dir") {
      std::string directory;
      RETURN_IF_ERROR(ReadString(it.value(), key, place, &directory));
      RETURN_IF_ERROR(ReadBnDumpDir(directory, place, &config->dump_dir));
    } else {
      return UnknownKeyError(key, kGroup, place);
    }
  }
  return absl::OkStatus();
}

absl::Status ReadGlobal(const std::string& key, const Json& value,
                        const ConfigPlace& place, const KnownLayers& known,
                        QuantConfig* config) {
  if (key == "version") {
    int64_t version = 0;
    RETURN_IF_ERROR(ReadInt(value, key, place, &version));
    if (version == 1) return absl::OkStatus();
    return RangeError(key, ShownJson(value), "The version must be 1.", "1",
                      place);
  }
  if (key == "batch_num") {
    int64_t batch_num = 0;
    RETURN_IF_ERROR(ReadInt(value, key, place, &batch_num));
    return ReadBatchNum(batch_num, place, &config->batch_num);
  }
  if (key == "activation_offset") {
    return ReadBool(value, key, place, &config->activation_offset);
  }
  if (key == "do_fusion") {
    return ReadBool(value, key, place, &config->do_fusion);
  }
  if (key == "skip_fusion_layers") {
    return ReadSkipFusionLayers(value, place, known,
                                &config->skip_fusion_layers);
  }
  if (key == "bn_update_config") {
    return ReadBnUpdateConfig(value, place, &config->bn_update);
  }
  if (key == "update_bn") {
    RETURN_IF_ERROR(ReadBool(value, key, place, &config->update_bn));
    return config->update_bn ? known.CheckUpdateBn(place) : absl::OkStatus();
  }
  bool joint_quant = false;  // Ignored.
  return ReadBool(value, key, place, &joint_quant);
}

absl::Status ReadLayerEntry(const std::string& name, const Json& value,
                            const std::string& file, const KnownLayers& known,
                            QuantConfig* config) {
  ASSIGN_OR_RETURN(
      const int index,
      known.FindQuantizable(
          name,
          value.is_object()
              ? absl::StrCat("Layer ", name, " does not exist in the graph.")
              : absl::StrCat(name, " is an invalid layer name or parameter."),
          name, {file, ""}));
  return ReadLayer(value, {file, name}, known.type(name),
                   &config->layers[index]);
}

}  // namespace

absl::StatusOr<QuantConfig> ParseQuantConfig(absl::string_view json_text,
                                             absl::string_view file_name,
                                             const caffe::NetParameter& net,
                                             Target target) {
  const std::string file(file_name);
  ASSIGN_OR_RETURN(const Json json, ParseStrictJson(json_text, file));
  ASSIGN_OR_RETURN(QuantConfig config, DefaultQuantConfig(net, target));
  RETURN_IF_ERROR(CheckObject(json, "the configuration", {file, ""}));

  const KnownLayers known(net, config);
  for (LayerQuantConfig& layer : config.layers) layer.quant_enable = false;
  for (auto it = json.begin(); it != json.end(); ++it) {
    RETURN_IF_ERROR(
        IsGlobalConfigKey(it.key())
            ? ReadGlobal(it.key(), it.value(), {file, ""}, known, &config)
            : ReadLayerEntry(it.key(), it.value(), file, known, &config));
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
