#include "engine/layers/fused_ops.h"

#include <optional>

namespace quantd {
namespace {

std::optional<FusedOp> SumOf(const caffe::LayerParameter& param, int input) {
  const caffe::EltwiseParameter& eltwise = param.eltwise_param();
  if (eltwise.operation() != caffe::EltwiseParameter::SUM ||
      param.bottom_size() != 2) {
    return std::nullopt;
  }
  if (eltwise.coeff_size() == 0) return FusedOp{FusedOp::kAdd, 1};
  if (eltwise.coeff_size() != 2 || eltwise.coeff(input) != 1) {
    return std::nullopt;
  }
  return FusedOp{FusedOp::kAdd, eltwise.coeff(1 - input)};
}

std::optional<FusedOp> OpOf(const Layer& next, int input) {
  if (next.type() == "ReLU") {
    return FusedOp{FusedOp::kRelu, next.param().relu_param().negative_slope()};
  }
  if (next.type() == "Eltwise") return SumOf(next.param(), input);
  return std::nullopt;
}

}  // namespace

bool AppendFusedOp(const Layer& next, int input, FusedOps* ops) {
  const std::optional<FusedOp> op = OpOf(next, input);
  if (!op.has_value()) return false;
  if (op->kind == FusedOp::kAdd && HasAdd(*ops)) return false;
  ops->push_back(*op);
  return true;
}

}  // namespace quantd
