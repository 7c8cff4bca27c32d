#include "engine/kernels/cpu/post_ops.h"

namespace quantd {

dnnl::primitive_attr PostOpsAttr(const FusedOps& ops) {
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
    }
  }
  dnnl::primitive_attr attr;
  attr.set_post_ops(post_ops);
  return attr;
}

}  // namespace quantd
