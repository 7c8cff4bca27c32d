#include "engine/model/shared_params.h"

namespace quantd {

absl::flat_hash_set<std::string> SharedParams(const caffe::NetParameter& net) {
  absl::flat_hash_set<std::string> seen;
  absl::flat_hash_set<std::string> shared;
  for (const caffe::LayerParameter& layer : net.layer()) {
    for (const caffe::ParamSpec& param : layer.param()) {
      if (!param.name().empty() && !seen.insert(param.name()).second) {
        shared.insert(param.name());
      }
    }
  }
  return shared;
}

std::string FirstSharedParam(const caffe::LayerParameter& layer,
                             const absl::flat_hash_set<std::string>& shared) {
  for (const caffe::ParamSpec& param : layer.param()) {
    if (shared.contains(param.name())) return param.name();
  }
  return "";
}

}  // namespace quantd
