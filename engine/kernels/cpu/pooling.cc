#include "engine/kernels/cpu/pooling.h"

#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/kernels/cpu/dnnl_tensor.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {
namespace {

using dnnl::memory;
using PrimitiveDesc = dnnl::pooling_forward::primitive_desc;

// Pixels that the last window reaches beyond the end of the image.
PoolGeometry::Pair Overhang(const PoolGeometry& g, const Shape& src) {
  return {
      (g.OutputHeight(src[2]) - 1) * g.stride.h + g.kernel.h - src[2] - g.pad.h,
      (g.OutputWidth(src[3]) - 1) * g.stride.w + g.kernel.w - src[3] - g.pad.w};
}

PrimitiveDesc MakeDesc(const PoolGeometry& g, const Shape& src,
                       const Shape& dst, const memory::desc& src_desc) {
  const PoolGeometry::Pair overhang = Overhang(g, src);
  auto algorithm = dnnl::algorithm::pooling_max;
  if (g.method == PoolGeometry::kAverage) {
    algorithm = g.IsPadded() ? dnnl::algorithm::pooling_avg_include_padding
                             : dnnl::algorithm::pooling_avg_exclude_padding;
  }
  return PrimitiveDesc({dnnl::prop_kind::forward_inference,
                        algorithm,
                        src_desc,
                        memory::desc(dst.dims(), memory::data_type::f32,
                                     memory::format_tag::any),
                        {g.stride.h, g.stride.w},
                        {g.kernel.h, g.kernel.w},
                        {g.pad.h, g.pad.w},
                        {overhang.h, overhang.w}},
                       DnnlEngine());
}

}  // namespace

struct CpuPooling::Plan {
  memory::desc src_desc;
  PrimitiveDesc desc;
  dnnl::pooling_forward primitive;
};

CpuPooling::CpuPooling() = default;

CpuPooling::~CpuPooling() = default;

bool CpuPooling::Supports(const PoolGeometry& g, const Shape& src) {
  const PoolGeometry::Pair overhang = Overhang(g, src);
  if (overhang.h >= g.kernel.h || overhang.w >= g.kernel.w) return false;
  if (g.method == PoolGeometry::kStochastic) return false;
  if (!g.IsPadded()) return true;
  if (g.pad_value.has_value()) return false;
  if (g.method == PoolGeometry::kMax) return true;
  const PoolGeometry::Pair pad_end = g.PadEnd();
  return overhang.h <= pad_end.h && overhang.w <= pad_end.w;
}

absl::Status CpuPooling::Run(const PoolGeometry& geometry, const Tensor& src,
                             Tensor* dst) {
  if (dst->num_elements() == 0) return absl::OkStatus();
  return CatchDnnl("a pooling", [&] {
    const memory from = ReadMemory(src, src.shape().dims());
    if (plan_ == nullptr || plan_->src_desc != from.get_desc()) {
      auto plan = std::make_unique<Plan>();
      plan->src_desc = from.get_desc();
      plan->desc =
          MakeDesc(geometry, src.shape(), dst->shape(), plan->src_desc);
      plan->primitive = dnnl::pooling_forward(plan->desc);
      plan_ = std::move(plan);
    }
    plan_->primitive.execute(
        DnnlStream(),
        {{DNNL_ARG_SRC, from},
         {DNNL_ARG_DST, WriteMemory(plan_->desc.dst_desc(), dst)}});
    DnnlStream().wait();
  });
}

}  // namespace quantd
