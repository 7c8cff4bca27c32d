// FusedOps as oneDNN's post-operations.
#ifndef QUANTD_ENGINE_KERNELS_CPU_POST_OPS_H_
#define QUANTD_ENGINE_KERNELS_CPU_POST_OPS_H_

#include <unordered_map>

#include "engine/kernels/fused_op.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {

// For a destination of `num_axes` axes. A kAdd takes its tensor from what the
// destination holds before, a kScale its factors from AddPostOpArgs(). Both
// functions throw dnnl::error: call them inside CatchDnnl().
dnnl::primitive_attr PostOpsAttr(const FusedOps& ops, int num_axes);

// Adds what the operations of PostOpsAttr() read; `ops` must outlive `args`.
void AddPostOpArgs(const FusedOps& ops, int num_axes,
                   std::unordered_map<int, dnnl::memory>* args);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_POST_OPS_H_
