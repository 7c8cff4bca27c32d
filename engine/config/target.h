// Whose quantized models are made: which layers and bits there are, and how
// the files look. What differs is in docs/targets.md.
#ifndef QUANTD_ENGINE_CONFIG_TARGET_H_
#define QUANTD_ENGINE_CONFIG_TARGET_H_

namespace quantd {

enum class Target {
  kSs928,   // SS928 and its kind: factors beside the deploy model.
  kAscend,  // CANN: Quant and DeQuant layers in the deploy model.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_TARGET_H_
