// Which layers a layer with weights can do on the side.
#ifndef QUANTD_ENGINE_LAYERS_FUSED_OPS_H_
#define QUANTD_ENGINE_LAYERS_FUSED_OPS_H_

#include "engine/core/layer.h"
#include "engine/kernels/fused_op.h"

namespace quantd {

// Appends to `ops` what `next` does to its bottom `input`: ReLU, and Eltwise
// SUM of two bottoms where the coefficient of `input` is 1. False, and nothing
// changes, for all others, and for a second kAdd.
bool AppendFusedOp(const Layer& next, int input, FusedOps* ops);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_FUSED_OPS_H_
