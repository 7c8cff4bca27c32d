// A bottom's values for Backward(), where working in place destroys them.
#ifndef QUANTD_ENGINE_LAYERS_KEPT_BOTTOM_H_
#define QUANTD_ENGINE_LAYERS_KEPT_BOTTOM_H_

#include "absl/status/status.h"
#include "engine/core/layer.h"
#include "engine/core/tensor.h"

namespace quantd {

// For layers with one top that may be bottom 0.
//
// Memory: a copy of the bottom if the layer works in place, nothing otherwise.
class KeptBottom {
 public:
  // In Forward(), before the top is written; only layers that
  // expects_backward() need it. Errors: RESOURCE_EXHAUSTED.
  absl::Status Keep(Bottoms bottoms, Tops tops);

  // In Backward(): bottom 0 as Forward() found it.
  const Tensor& Of(const BackwardPass& pass) const {
    return pass.bottoms[0] == pass.tops[0] ? copy_ : *pass.bottoms[0];
  }

 private:
  Tensor copy_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_KEPT_BOTTOM_H_
