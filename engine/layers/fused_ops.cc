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

std::optional<FusedOp> ScaleOf(const Layer& next,
                               const FusedChannels& channels) {
  const caffe::ScaleParameter& scale = next.param().scale_param();
  const int axis =
      scale.axis() < 0 ? scale.axis() + channels.num_axes : scale.axis();
  if (next.param().bottom_size() != 1 || scale.bias_term() ||
      axis != channels.axis || next.blobs().size() != 1 ||
      next.blobs()[0].shape() != Shape({channels.count})) {
    return std::nullopt;
  }
  FusedOp op{FusedOp::kScale};
  const absl::Span<const float> factors = next.blobs()[0].values();
  op.factors.assign(factors.begin(), factors.end());
  return op;
}

std::optional<FusedOp> OpOf(const Layer& next, int input,
                            const FusedChannels& channels) {
  if (next.type() == "ReLU") {
    return FusedOp{FusedOp::kRelu, next.param().relu_param().negative_slope()};
  }
  if (next.type() == "Eltwise") return SumOf(next.param(), input);
  if (next.type() == "Scale") return ScaleOf(next, channels);
  return std::nullopt;
}

}  // namespace

bool AppendFusedOp(const Layer& next, int input, const FusedChannels& channels,
                   FusedOps* ops) {
  const std::optional<FusedOp> op = OpOf(next, input, channels);
  if (!op.has_value()) return false;
  if (op->kind == FusedOp::kAdd &&
      (HasAdd(*ops) || HasKind(*ops, FusedOp::kScale))) {
    return false;
  }
  ops->push_back(*op);
  return true;
}

}  // namespace quantd
