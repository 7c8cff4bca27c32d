#include "engine/config/known_layers.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/config/ascend.h"
#include "engine/config/quantizable.h"
#include "engine/config/suggestions.h"

namespace quantd {

KnownLayers::KnownLayers(const caffe::NetParameter& net,
                         const QuantConfig& config) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    Layer& known = layers_[layer.name()];
    known.type = layer.type();
    if (config.target == Target::kAscend) known.refusal = AscendRefusal(layer);
    names_.push_back(layer.name());
  }
  for (size_t i = 0; i < config.layers.size(); ++i) {
    layers_[config.layers[i].name].config_index = static_cast<int>(i);
  }
}

absl::Status KnownLayers::NotFound(absl::string_view message,
                                   const std::string& layer,
                                   absl::string_view field,
                                   const ConfigPlace& place) const {
  const std::string near = absl::StrJoin(Suggestions(layer, names_), ", ");
  return PlaceError(
      absl::StatusCode::kInvalidArgument, "LAYER_NOT_FOUND",
      absl::StrCat(message, near.empty()
                                ? ""
                                : absl::StrCat(" Did you mean ", near, "?")),
      place,
      {{"layer", layer}, {"field", std::string(field)}, {"suggestions", near}});
}

absl::StatusOr<int> KnownLayers::FindQuantizable(
    const std::string& name, absl::string_view not_found,
    absl::string_view field, const ConfigPlace& place) const {
  const auto it = layers_.find(name);
  if (it == layers_.end()) return NotFound(not_found, name, field, place);
  if (it->second.config_index >= 0) return it->second.config_index;
  const std::string why =
      it->second.refusal.empty()
          ? absl::StrCat("Layer type ", it->second.type,
                         " does not support quantize")
          : absl::StrCat("For target ascend: ", it->second.refusal);
  return PlaceError(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                    absl::StrCat("layer ", name, " does not support quant. ",
                                 why, "; remove the entry"),
                    place,
                    {{"layer", name},
                     {"options", std::string(field)},
                     {"type", it->second.type}});
}

absl::Status KnownLayers::CheckSkipFusion(const std::string& name,
                                          const ConfigPlace& place) const {
  constexpr absl::string_view kField = "skip_fusion_layers";
  const auto it = layers_.find(name);
  if (it == layers_.end()) {
    return NotFound(absl::StrCat("Layer \"", name, "\" in ", kField,
                                 " does not exist in the graph."),
                    name, kField, place);
  }
  if (IsFusible(it->second.type)) return absl::OkStatus();
  return PlaceError(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                    absl::StrCat("Layer \"", name, "\" in ", kField,
                                 " is of type ", it->second.type,
                                 ", which takes no part in fusion; remove "
                                 "it"),
                    place,
                    {{"layer", name},
                     {"options", std::string(kField)},
                     {"type", it->second.type}});
}

absl::Status KnownLayers::CheckUpdateBn(const ConfigPlace& place) const {
  for (const auto& [name, layer] : layers_) {
    if (layer.type == "BatchNorm") return absl::OkStatus();
  }
  return PlaceError(absl::StatusCode::kFailedPrecondition, "NO_BATCH_NORM",
                    "update_bn is true, but the model has no layer of type "
                    "BatchNorm to update; set it to false, or pass a model "
                    "whose BatchNorm is not fused yet",
                    place, {{"field", "update_bn"}});
}

const std::string& KnownLayers::type(const std::string& name) const {
  return layers_.at(name).type;
}

}  // namespace quantd
