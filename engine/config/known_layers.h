// The layers of a net that a configuration may name, and the errors for the
// others.
#ifndef QUANTD_ENGINE_CONFIG_KNOWN_LAYERS_H_
#define QUANTD_ENGINE_CONFIG_KNOWN_LAYERS_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/config/config_place.h"
#include "engine/config/quant_config.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

class KnownLayers {
 public:
  // config: DefaultQuantConfig() of `net`.
  KnownLayers(const caffe::NetParameter& net, const QuantConfig& config);

  // Index of layer `name` in QuantConfig::layers. field: what names it.
  // Errors: INVALID_ARGUMENT: LAYER_NOT_FOUND with `not_found` as its message
  // and suggestions; OPTION_CONFLICT for a type that cannot be quantized.
  absl::StatusOr<int> FindQuantizable(const std::string& name,
                                      absl::string_view not_found,
                                      absl::string_view field,
                                      const ConfigPlace& place) const;

  // OK if `name` may stand in skip_fusion_layers.
  // Errors: INVALID_ARGUMENT: LAYER_NOT_FOUND; OPTION_CONFLICT for a type that
  // takes no part in fusion.
  absl::Status CheckSkipFusion(const std::string& name,
                               const ConfigPlace& place) const;

  // OK if the net has a layer of type BatchNorm, which update_bn measures.
  // Errors: FAILED_PRECONDITION, NO_BATCH_NORM.
  absl::Status CheckUpdateBn(const ConfigPlace& place) const;

  // Of a layer of QuantConfig::layers.
  const std::string& type(const std::string& name) const;

 private:
  struct Layer {
    std::string type;
    int config_index = -1;  // -1: not quantizable.
    std::string refusal;    // Why, where the type does not say it.
  };

  absl::Status NotFound(absl::string_view message, const std::string& layer,
                        absl::string_view field,
                        const ConfigPlace& place) const;

  absl::flat_hash_map<std::string, Layer> layers_;
  std::vector<std::string> names_;  // In net order.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_KNOWN_LAYERS_H_
