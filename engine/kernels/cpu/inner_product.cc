#include "engine/kernels/cpu/inner_product.h"

#include <unordered_map>
#include <utility>

#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/kernels/cpu/dnnl_tensor.h"
#include "engine/kernels/cpu/post_ops.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {
namespace {

using dnnl::memory;
using PrimitiveDesc = dnnl::inner_product_forward::primitive_desc;

PrimitiveDesc MakeDesc(const Shape& src, const Shape& dst, bool has_bias,
                       const dnnl::primitive_attr& attr) {
  const auto kind = dnnl::prop_kind::forward_inference;
  const memory::desc weights({dst[1], src[1]}, memory::data_type::f32,
                             memory::format_tag::any);
  if (!has_bias) {
    return PrimitiveDesc(
        {kind, PlainDesc(src.dims()), weights, PlainDesc(dst.dims())}, attr,
        DnnlEngine());
  }
  return PrimitiveDesc({kind, PlainDesc(src.dims()), weights,
                        PlainDesc({dst[1]}), PlainDesc(dst.dims())},
                       attr, DnnlEngine());
}

}  // namespace

struct CpuInnerProduct::Plan {
  PrimitiveDesc desc;
  dnnl::inner_product_forward primitive;
};

CpuInnerProduct::CpuInnerProduct(bool transposed) : transposed_(transposed) {}

CpuInnerProduct::~CpuInnerProduct() = default;

void CpuInnerProduct::WeightsChanged() { weights_.Clear(); }

void CpuInnerProduct::Fuse(const FusedOps& ops) {
  ops_ = ops;
  plans_.Clear();
}

std::unique_ptr<CpuInnerProduct::Plan> CpuInnerProduct::MakePlan(
    const Tensor& src, const Tensor& dst, bool has_bias) const {
  auto plan = std::make_unique<Plan>();
  plan->desc = MakeDesc(src.shape(), dst.shape(), has_bias,
                        PostOpsAttr(ops_, dst.shape().num_axes()));
  plan->primitive = dnnl::inner_product_forward(plan->desc);
  return plan;
}

absl::Status CpuInnerProduct::Run(const Tensor& src, const Tensor& weights,
                                  const Tensor* bias, Tensor* dst) {
  if (dst->num_elements() == 0) return absl::OkStatus();
  return CatchDnnl("an inner product", [&] {
    Plan* plan = plans_.FindOrMake(src.shape(), bias != nullptr, [&] {
      return MakePlan(src, *dst, bias != nullptr);
    });
    const memory::desc plain_desc(
        plan->desc.weights_desc().dims(), memory::data_type::f32,
        transposed_ ? memory::format_tag::ba : memory::format_tag::ab);
    const memory packed =
        weights_.Get(plan->desc.weights_desc(), weights, plain_desc);
    std::unordered_map<int, memory> args = {
        {DNNL_ARG_SRC, ReadMemory(src, src.shape().dims())},
        {DNNL_ARG_WEIGHTS, packed},
        {DNNL_ARG_DST, WriteMemory(plan->desc.dst_desc(), dst)}};
    if (bias != nullptr) {
      args[DNNL_ARG_BIAS] = ReadMemory(*bias, bias->shape().dims());
    }
    AddPostOpArgs(ops_, dst->shape().num_axes(), &args);
    plan->primitive.execute(DnnlStream(), args);
    DnnlStream().wait();
  });
}

}  // namespace quantd
