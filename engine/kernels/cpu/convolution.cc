#include "engine/kernels/cpu/convolution.h"

#include <utility>

#include "engine/kernels/cpu/conv_desc.h"
#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/kernels/cpu/dnnl_tensor.h"
#include "engine/kernels/cpu/post_ops.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {
namespace {

using dnnl::memory;
using PrimitiveDesc = dnnl::convolution_forward::primitive_desc;

// Where Winograd's algorithm measured faster than direct convolution, on one
// core with AVX-512: from 1.2 to 1.9 times. With few channels or pixels its
// transforms or its larger weights cost more than it saves.
bool LikesWinograd(const ConvGeometry& g, const memory::dims& dst) {
  constexpr int64_t kMinChannelsIn = 16;
  constexpr int64_t kMinChannelsOut = 64;
  constexpr int64_t kMinPixels = 256;
  const memory::dims threes = {3, 3}, ones = {1, 1};
  return g.group == 1 && g.kernel == threes && g.stride == ones &&
         g.dilation == ones && g.channels_in % kMinChannelsIn == 0 &&
         g.channels_out >= kMinChannelsOut &&
         dst[0] * dst[2] * dst[3] >= kMinPixels;
}

PrimitiveDesc MakeDesc(const ConvGeometry& g, const memory::dims& src,
                       const memory::dims& dst, bool has_bias,
                       bool winograd_allowed,
                       const dnnl::primitive_attr& attr) {
  const auto kind = dnnl::prop_kind::forward_inference;
  if (winograd_allowed && LikesWinograd(g, dst)) {
    try {
      return ConvForwardDesc(g, kind, src, dst, has_bias,
                             dnnl::algorithm::convolution_winograd, attr);
    } catch (const dnnl::error& error) {
      // Not on this CPU, or not with these post-operations.
      if (error.status != dnnl_unimplemented) throw;
    }
  }
  return ConvForwardDesc(g, kind, src, dst, has_bias,
                         dnnl::algorithm::convolution_direct, attr);
}

}  // namespace

struct CpuConvolution::Plan {
  memory::desc src_desc;
  memory::desc weights_desc;
  memory::desc dst_desc;
  dnnl::primitive primitive;
  memory src_scratch;

  template <typename Desc>
  void Take(const Desc& desc) {
    src_desc = desc.src_desc();
    weights_desc = desc.weights_desc();
    dst_desc = desc.dst_desc();
    primitive = dnnl::primitive(desc.get());
  }
};

CpuConvolution::CpuConvolution(const ConvGeometry& geometry,
                               Direction direction)
    : geometry_(geometry), direction_(direction) {}

CpuConvolution::~CpuConvolution() = default;

void CpuConvolution::AllowWinograd() {
  if (winograd_allowed_) return;
  winograd_allowed_ = true;
  plans_.Clear();
}

void CpuConvolution::WeightsChanged() { weights_.Clear(); }

void CpuConvolution::Fuse(const FusedOps& ops) {
  ops_ = ops;
  plans_.Clear();
}

std::unique_ptr<CpuConvolution::Plan> CpuConvolution::MakePlan(
    const Tensor& src, const Tensor& dst, bool has_bias) const {
  auto plan = std::make_unique<Plan>();
  const memory::dims& from = src.shape().dims();
  const memory::dims& to = dst.shape().dims();
  if (direction_ == Direction::kTransposed) {
    plan->Take(DeconvForwardDesc(geometry_, from, to, has_bias));
  } else {
    plan->Take(MakeDesc(geometry_, from, to, has_bias, winograd_allowed_,
                        PostOpsAttr(ops_, dst.shape().num_axes())));
  }
  return plan;
}

absl::Status CpuConvolution::Run(const Tensor& src, const Tensor& weights,
                                 const Tensor* bias, const Addend& addend,
                                 Tensor* dst) {
  if (dst->num_elements() == 0) return absl::OkStatus();
  return CatchDnnl("a convolution", [&] {
    Plan* plan = plans_.FindOrMake(src.shape(), bias != nullptr, [&] {
      return MakePlan(src, *dst, bias != nullptr);
    });
    const bool transposed = direction_ == Direction::kTransposed;
    const memory packed =
        weights_.Get(plan->weights_desc, weights,
                     transposed ? DeconvWeightDesc(geometry_)
                                : PlainDesc(ConvWeightDims(geometry_)));
    const memory from = Reordered(ReadMemory(src, src.shape().dims()),
                                  plan->src_desc, &plan->src_scratch);
    std::unordered_map<int, memory> args = {
        {DNNL_ARG_SRC, from},
        {DNNL_ARG_WEIGHTS, packed},
        {DNNL_ARG_DST,
         addend.values == nullptr
             ? WriteMemory(plan->dst_desc, dst)
             : WriteMemoryOver(*addend.values, addend.may_overwrite,
                               plan->dst_desc, dst)}};
    if (bias != nullptr) {
      args[DNNL_ARG_BIAS] = ReadMemory(*bias, bias->shape().dims());
    }
    AddPostOpArgs(ops_, dst->shape().num_axes(), &args);
    plan->primitive.execute(DnnlStream(), args);
    DnnlStream().wait();
  });
}

}  // namespace quantd
