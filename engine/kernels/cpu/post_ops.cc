#include "engine/kernels/cpu/post_ops.h"

#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/kernels/cpu/dnnl_tensor.h"

namespace quantd {
namespace {

// One per channel, the same for all items and places.
dnnl::memory::desc FactorsDesc(const FusedOp& op, int num_axes) {
  dnnl::memory::dims dims(num_axes, 1);
  dims[1] = static_cast<int64_t>(op.factors.size());
  return PlainDesc(dims);
}

}  // namespace

dnnl::primitive_attr PostOpsAttr(const FusedOps& ops, int num_axes) {
  dnnl::post_ops post_ops;
  for (const FusedOp& op : ops) {
    switch (op.kind) {
      case FusedOp::kAdd:
        post_ops.append_sum(op.alpha);
        break;
      case FusedOp::kRelu:
        post_ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, op.alpha, 0);
        break;
      case FusedOp::kClip:
        post_ops.append_eltwise(1, dnnl::algorithm::eltwise_clip, op.alpha,
                                op.beta);
        break;
      case FusedOp::kScale:
        post_ops.append_binary(dnnl::algorithm::binary_mul,
                               FactorsDesc(op, num_axes));
        break;
    }
  }
  dnnl::primitive_attr attr;
  attr.set_post_ops(post_ops);
  return attr;
}

void AddPostOpArgs(const FusedOps& ops, int num_axes,
                   std::unordered_map<int, dnnl::memory>* args) {
  for (size_t i = 0; i < ops.size(); ++i) {
    if (ops[i].kind != FusedOp::kScale) continue;
    const int arg =
        DNNL_ARG_ATTR_MULTIPLE_POST_OP(static_cast<int>(i)) | DNNL_ARG_SRC_1;
    // oneDNN's memory is never const.
    (*args)[arg] = dnnl::memory(FactorsDesc(ops[i], num_axes), DnnlEngine(),
                                const_cast<float*>(ops[i].factors.data()));
  }
}

}  // namespace quantd
