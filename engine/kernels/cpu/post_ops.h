// FusedOps as oneDNN's post-operations.
#ifndef QUANTD_ENGINE_KERNELS_CPU_POST_OPS_H_
#define QUANTD_ENGINE_KERNELS_CPU_POST_OPS_H_

#include "engine/kernels/fused_op.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {

// A kAdd takes its tensor from what the destination holds before. Throws
// dnnl::error: call inside CatchDnnl().
dnnl::primitive_attr PostOpsAttr(const FusedOps& ops);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_POST_OPS_H_
