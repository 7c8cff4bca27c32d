#include "engine/config/quant_config.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/ascend.h"
#include "engine/config/config_keys.h"
#include "engine/config/python_json.h"
#include "engine/config/quantizable.h"

namespace quantd {
namespace {

using Json = nlohmann::ordered_json;

LayerQuantConfig DefaultLayer(const caffe::LayerParameter& layer) {
  LayerQuantConfig config;
  config.name = layer.name();
  config.quant_enable = QuantizedByDefault(layer.type());
  config.activations.resize(QuantizedBottoms(layer).size());
  if (QuantClassOf(layer.type()) == QuantClass::kWeightsAndData) {
    config.weights.emplace();
    config.weights->channel_wise = AllowsChannelWise(layer.type());
  }
  return config;
}

bool CanQuantize(const caffe::LayerParameter& layer, Target target) {
  if (target == Target::kAscend) return AscendRefusal(layer).empty();
  return IsQuantizable(layer.type());
}

absl::Status CheckNames(const caffe::NetParameter& net) {
  absl::flat_hash_set<std::string> names;
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (!names.insert(layer.name()).second) {
      return Error(absl::StatusCode::kInvalidArgument, "LAYER_NAME_NOT_UNIQUE",
                   absl::StrCat("the model has two layers \"", layer.name(),
                                "\"; rename one: layers are quantized by name"),
                   {{"layer", layer.name()}});
    }
    if (IsQuantizable(layer.type()) && IsGlobalConfigKey(layer.name())) {
      return Error(absl::StatusCode::kInvalidArgument, "LAYER_NAME_RESERVED",
                   absl::StrCat("the model has a layer \"", layer.name(),
                                "\", which is a key of config.json; rename "
                                "the layer"),
                   {{"layer", layer.name()}});
    }
  }
  return absl::OkStatus();
}

Json ToJson(const ActivationQuantParams& params) {
  Json json;
  json["num_bits"] = params.num_bits;
  json["max_percentile"] = params.max_percentile;
  json["min_percentile"] = params.min_percentile;
  json["search_range"] = {params.search_range_start, params.search_range_end};
  json["search_step"] = params.search_step;
  if (params.with_offset) json["with_offset"] = *params.with_offset;
  return json;
}

Json ToJson(const WeightQuantParams& params) {
  const bool is_snq = params.wts_algo == WeightAlgorithm::kSnq;
  Json json;
  json["wts_algo"] = is_snq ? "snq_quantize" : "arq_quantize";
  json["channel_wise"] = params.channel_wise;
  json["num_bits"] = params.num_bits;
  if (!is_snq) return json;
  json["max_iteration"] = params.max_iteration;
  json["min_distance"] = params.min_distance;
  json["init_algo"] = std::string(InitAlgoName(params.init_algo));
  return json;
}

Json ToJson(const BnUpdateConfig& config) {
  Json json;
  json["bn_moving_average_fraction"] = config.moving_average_fraction;
  json["bn_update_iterations"] = config.iterations;
  json["bn_dump_dir"] = config.dump_dir;
  return json;
}

Json ToJson(const LayerQuantConfig& layer) {
  Json json;
  json["quant_enable"] = layer.quant_enable;
  if (layer.activations.size() == 1) {
    json["activation_quant_params"] = ToJson(layer.activations[0]);
  } else {
    Json list = Json::array();
    for (const auto& params : layer.activations) list.push_back(ToJson(params));
    json["activation_quant_params"] = std::move(list);
  }
  if (layer.weights) json["weight_quant_params"] = ToJson(*layer.weights);
  return json;
}

}  // namespace

bool operator==(const ActivationQuantParams& a,
                const ActivationQuantParams& b) {
  return a.num_bits == b.num_bits && a.max_percentile == b.max_percentile &&
         a.min_percentile == b.min_percentile &&
         a.search_range_start == b.search_range_start &&
         a.search_range_end == b.search_range_end &&
         a.search_step == b.search_step && a.with_offset == b.with_offset;
}

const LayerQuantConfig* QuantConfig::FindLayer(absl::string_view name) const {
  for (const LayerQuantConfig& layer : layers) {
    if (layer.name == name) return &layer;
  }
  return nullptr;
}

absl::StatusOr<QuantConfig> DefaultQuantConfig(const caffe::NetParameter& net,
                                               Target target) {
  RETURN_IF_ERROR(CheckNames(net));
  QuantConfig config;
  config.target = target;
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (CanQuantize(layer, target)) {
      config.layers.push_back(DefaultLayer(layer));
    }
  }
  if (config.layers.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOTHING_QUANTIZED",
                 "No layer support quantization in the graph.");
  }
  return config;
}

absl::string_view InitAlgoName(LloydInit init) {
  switch (init) {
    case LloydInit::kUniform:
      return "uniform";
    case LloydInit::kGaussian:
      return "gaussian";
    case LloydInit::kD2Sampling:
      return "d2sampling";
  }
  return "";
}

std::string QuantConfigToJson(const QuantConfig& config) {
  Json json;
  json["version"] = config.version;
  json["batch_num"] = config.batch_num;
  json["activation_offset"] = config.activation_offset;
  json["do_fusion"] = config.do_fusion;
  json["skip_fusion_layers"] = Json(config.skip_fusion_layers);
  if (config.update_bn) {
    json["update_bn"] = true;
    json["bn_update_config"] = ToJson(config.bn_update);
  }
  for (const LayerQuantConfig& layer : config.layers) {
    json[layer.name] = ToJson(layer);
  }
  return PythonJson(json);
}

}  // namespace quantd
