// What a kernel does to its result while it is still in registers.
#ifndef QUANTD_ENGINE_KERNELS_FUSED_OP_H_
#define QUANTD_ENGINE_KERNELS_FUSED_OP_H_

#include <algorithm>
#include <vector>

namespace quantd {

struct FusedOp {
  enum Kind {
    kAdd,    // y + alpha * other, a tensor of the result's shape.
    kRelu,   // max(y, 0) + alpha * min(y, 0).
    kClip,   // min(max(y, alpha), beta).
    kScale,  // y * factors[c], c the channel: axis 1.
  };
  Kind kind = kRelu;
  float alpha = 0;
  float beta = 0;
  std::vector<float> factors = {};  // Of a kScale, one per channel.
};

// Done one after the other; at most one kAdd, and none behind a kScale.
using FusedOps = std::vector<FusedOp>;

inline bool HasKind(const FusedOps& ops, FusedOp::Kind kind) {
  return std::any_of(ops.begin(), ops.end(),
                     [kind](const FusedOp& op) { return op.kind == kind; });
}

inline bool HasAdd(const FusedOps& ops) { return HasKind(ops, FusedOp::kAdd); }

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_FUSED_OP_H_
