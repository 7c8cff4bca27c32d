// The keys of config.json that are no layers.
#ifndef QUANTD_ENGINE_CONFIG_CONFIG_KEYS_H_
#define QUANTD_ENGINE_CONFIG_CONFIG_KEYS_H_

#include "absl/strings/string_view.h"

namespace quantd {

inline bool IsGlobalConfigKey(absl::string_view key) {
  return key == "version" || key == "batch_num" || key == "activation_offset" ||
         key == "joint_quant" || key == "do_fusion" ||
         key == "skip_fusion_layers" || key == "update_bn" ||
         key == "bn_update_config";
}

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_CONFIG_KEYS_H_
