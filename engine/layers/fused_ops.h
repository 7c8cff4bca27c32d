// Which layers a layer with weights can do on the side.
#ifndef QUANTD_ENGINE_LAYERS_FUSED_OPS_H_
#define QUANTD_ENGINE_LAYERS_FUSED_OPS_H_

#include <cstdint>

#include "engine/core/layer.h"
#include "engine/kernels/fused_op.h"

namespace quantd {

// The channels of a layer's result, which a Scale may multiply.
struct FusedChannels {
  int axis = 1;
  int num_axes = 4;
  int64_t count = 0;
};

// Appends to `ops` what `next` does to its bottom `input`, the result of a
// layer with these channels: ReLU, Eltwise SUM of two bottoms where the
// coefficient of `input` is 1, and Scale with a blob of one factor per channel
// and without bias. False, and nothing changes, for all others, for a second
// kAdd, and for a kAdd behind a kScale, which oneDNN's fast kernels refuse.
bool AppendFusedOp(const Layer& next, int input, const FusedChannels& channels,
                   FusedOps* ops);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_FUSED_OPS_H_
