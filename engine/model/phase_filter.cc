#include "engine/model/phase_filter.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd {
namespace {

using Rules = google::protobuf::RepeatedPtrField<caffe::NetStateRule>;

absl::Status LayerError(const caffe::LayerParameter& layer,
                        const std::string& field, const std::string& what) {
  return Error(
      absl::StatusCode::kInvalidArgument, "MODEL_INVALID",
      absl::StrCat("layer \"", layer.name(), "\" (", layer.type(), "): ", what),
      {{"layer", layer.name()}, {"field", field}});
}

bool MeetsAny(const caffe::NetState& state, const Rules& rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const caffe::NetStateRule& rule) {
                       return StateMeetsRule(state, rule);
                     });
}

bool HasStage(const caffe::NetState& state, const std::string& stage) {
  return std::find(state.stage().begin(), state.stage().end(), stage) !=
         state.stage().end();
}

}  // namespace

bool StateMeetsRule(const caffe::NetState& state,
                    const caffe::NetStateRule& rule) {
  if (rule.has_phase() && rule.phase() != state.phase()) return false;
  if (rule.has_min_level() && state.level() < rule.min_level()) return false;
  if (rule.has_max_level() && state.level() > rule.max_level()) return false;
  for (const std::string& stage : rule.stage()) {
    if (!HasStage(state, stage)) return false;
  }
  for (const std::string& stage : rule.not_stage()) {
    if (HasStage(state, stage)) return false;
  }
  return true;
}

absl::StatusOr<caffe::NetParameter> FilterNet(caffe::NetParameter net,
                                              const caffe::NetState& state) {
  absl::flat_hash_set<std::string> names;
  auto* const layers = net.mutable_layer();
  int kept = 0;
  for (int i = 0; i < layers->size(); ++i) {
    caffe::LayerParameter* const layer = layers->Mutable(i);
    if (layer->include_size() > 0 && layer->exclude_size() > 0) {
      return LayerError(*layer, "include",
                        "has both include and exclude rules; keep one kind");
    }
    const bool selected = layer->include_size() > 0
                              ? MeetsAny(state, layer->include())
                              : !MeetsAny(state, layer->exclude());
    if (!selected) continue;
    if (layer->name().empty()) {
      return LayerError(
          *layer, "name",
          absl::StrCat("layer number ", i + 1, " has no name; give it one"));
    }
    if (!names.insert(layer->name()).second) {
      return LayerError(*layer, "name",
                        "an earlier layer has the same name; layer names "
                        "must be unique within a phase");
    }
    layer->clear_include();
    layer->clear_exclude();
    if (kept != i) layers->SwapElements(kept, i);
    ++kept;
  }
  layers->DeleteSubrange(kept, layers->size() - kept);
  net.clear_state();
  return net;
}

}  // namespace quantd
