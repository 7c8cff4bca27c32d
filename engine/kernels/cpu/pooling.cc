#include "engine/kernels/cpu/pooling.h"

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/kernels/cpu/dnnl_tensor.h"
#include "engine/kernels/cpu/max_pooling_nhwc.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {
namespace {

using dnnl::memory;
using PrimitiveDesc = dnnl::pooling_forward::primitive_desc;
using BackwardDesc = dnnl::pooling_backward::primitive_desc;

// Pixels that the last window reaches beyond the end of the image.
PoolGeometry::Pair Overhang(const PoolGeometry& g, const Shape& src) {
  return {
      (g.OutputHeight(src[2]) - 1) * g.stride.h + g.kernel.h - src[2] - g.pad.h,
      (g.OutputWidth(src[3]) - 1) * g.stride.w + g.kernel.w - src[3] - g.pad.w};
}

dnnl::algorithm AlgorithmOf(const PoolGeometry& g) {
  if (g.method == PoolGeometry::kMax) return dnnl::algorithm::pooling_max;
  return g.IsPadded() ? dnnl::algorithm::pooling_avg_include_padding
                      : dnnl::algorithm::pooling_avg_exclude_padding;
}

memory::desc AnyDesc(const Shape& shape) {
  return memory::desc(shape.dims(), memory::data_type::f32,
                      memory::format_tag::any);
}

PrimitiveDesc MakeDesc(const PoolGeometry& g, dnnl::prop_kind kind,
                       const Shape& src, const Shape& dst,
                       const memory::desc& src_desc) {
  const PoolGeometry::Pair overhang = Overhang(g, src);
  return PrimitiveDesc({kind,
                        AlgorithmOf(g),
                        src_desc,
                        AnyDesc(dst),
                        {g.stride.h, g.stride.w},
                        {g.kernel.h, g.kernel.w},
                        {g.pad.h, g.pad.w},
                        {overhang.h, overhang.w}},
                       DnnlEngine());
}

memory::desc NhwcDesc(const Shape& shape) {
  return memory::desc(shape.dims(), memory::data_type::f32,
                      memory::format_tag::nhwc);
}

NhwcImages ImagesOf(const Shape& src) {
  return {src[0], src[2], src[3], src[1]};
}

// The gradient of `forward`, in its layouts.
BackwardDesc MakeBackwardDesc(const PoolGeometry& g, const Shape& src,
                              const PrimitiveDesc& forward) {
  const PoolGeometry::Pair overhang = Overhang(g, src);
  return BackwardDesc({AlgorithmOf(g),
                       forward.src_desc(),
                       forward.dst_desc(),
                       {g.stride.h, g.stride.w},
                       {g.kernel.h, g.kernel.w},
                       {g.pad.h, g.pad.w},
                       {overhang.h, overhang.w}},
                      DnnlEngine(), forward);
}

}  // namespace

struct CpuPooling::Plan {
  memory::desc src_desc;
  PrimitiveDesc desc;
  dnnl::pooling_forward primitive;
  // In training only.
  bool training = false;
  BackwardDesc backward_desc;
  dnnl::pooling_backward backward;
  memory workspace;  // Which pixels were the maxima; empty for averages.
  memory diff_dst_scratch;
};

// Maxima of channels-last images, in training.
struct CpuPooling::NhwcPlan {
  PoolGeometry geometry;
  Shape src;
  memory::desc dst_desc;
  std::vector<int32_t> where;  // Of each maximum, by element of dst.
  memory diff_dst_scratch;
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
  return RunFor(/*training=*/false, geometry, src, dst);
}

absl::Status CpuPooling::RunTraining(const PoolGeometry& geometry,
                                     const Tensor& src, Tensor* dst) {
  ran_nhwc_ = dst->num_elements() > 0 && MaxPoolingNhwcSupports(geometry) &&
              CurrentDesc(src, src.shape().dims()) == NhwcDesc(src.shape());
  if (ran_nhwc_) return RunNhwc(geometry, src, dst);
  return RunFor(/*training=*/true, geometry, src, dst);
}

absl::Status CpuPooling::RunNhwc(const PoolGeometry& geometry,
                                 const Tensor& src, Tensor* dst) {
  return CatchDnnl("a pooling", [&] {
    const memory from = ReadMemory(src, src.shape().dims());
    const memory::desc dst_desc = NhwcDesc(dst->shape());
    const memory to = WriteMemory(dst_desc, dst);
    if (nhwc_plan_ == nullptr) nhwc_plan_ = std::make_unique<NhwcPlan>();
    nhwc_plan_->geometry = geometry;
    nhwc_plan_->src = src.shape();
    nhwc_plan_->dst_desc = dst_desc;
    nhwc_plan_->where.resize(dst->num_elements());
    MaxPoolingNhwc(geometry, ImagesOf(src.shape()),
                   static_cast<const float*>(from.get_data_handle()),
                   static_cast<float*>(to.get_data_handle()),
                   nhwc_plan_->where.data());
  });
}

absl::Status CpuPooling::RunNhwcBackward(const Tensor& diff_dst,
                                         Tensor* diff_src) {
  return CatchDnnl("a pooling's gradient", [&] {
    const memory from =
        Reordered(ReadMemory(diff_dst, diff_dst.shape().dims()),
                  nhwc_plan_->dst_desc, &nhwc_plan_->diff_dst_scratch);
    const memory to = WriteMemory(NhwcDesc(nhwc_plan_->src), diff_src);
    MaxPoolingNhwcBackward(nhwc_plan_->geometry, ImagesOf(nhwc_plan_->src),
                           static_cast<const float*>(from.get_data_handle()),
                           nhwc_plan_->where.data(),
                           static_cast<float*>(to.get_data_handle()));
  });
}

absl::Status CpuPooling::RunFor(bool training, const PoolGeometry& geometry,
                                const Tensor& src, Tensor* dst) {
  if (dst->num_elements() == 0) return absl::OkStatus();
  return CatchDnnl("a pooling", [&] {
    const memory from = ReadMemory(src, src.shape().dims());
    if (plan_ == nullptr || plan_->src_desc != from.get_desc() ||
        plan_->training != training) {
      auto plan = std::make_unique<Plan>();
      plan->src_desc = from.get_desc();
      plan->training = training;
      const auto kind = training ? dnnl::prop_kind::forward_training
                                 : dnnl::prop_kind::forward_inference;
      plan->desc =
          MakeDesc(geometry, kind, src.shape(), dst->shape(), plan->src_desc);
      plan->primitive = dnnl::pooling_forward(plan->desc);
      if (training) {
        plan->backward_desc =
            MakeBackwardDesc(geometry, src.shape(), plan->desc);
        plan->backward = dnnl::pooling_backward(plan->backward_desc);
        plan->workspace = memory(plan->desc.workspace_desc(), DnnlEngine());
      }
      plan_ = std::move(plan);
    }
    std::unordered_map<int, memory> args = {
        {DNNL_ARG_SRC, from},
        {DNNL_ARG_DST, WriteMemory(plan_->desc.dst_desc(), dst)}};
    if (training) args[DNNL_ARG_WORKSPACE] = plan_->workspace;
    plan_->primitive.execute(DnnlStream(), args);
    DnnlStream().wait();
  });
}

absl::Status CpuPooling::RunBackward(const Tensor& diff_dst, Tensor* diff_src) {
  if (diff_src->num_elements() == 0) return absl::OkStatus();
  if (ran_nhwc_) return RunNhwcBackward(diff_dst, diff_src);
  return CatchDnnl("a pooling's gradient", [&] {
    const memory from = Reordered(ReadMemory(diff_dst, diff_dst.shape().dims()),
                                  plan_->backward_desc.diff_dst_desc(),
                                  &plan_->diff_dst_scratch);
    plan_->backward.execute(
        DnnlStream(),
        {{DNNL_ARG_DIFF_DST, from},
         {DNNL_ARG_WORKSPACE, plan_->workspace},
         {DNNL_ARG_DIFF_SRC,
          WriteMemory(plan_->backward_desc.diff_src_desc(), diff_src)}});
    DnnlStream().wait();
  });
}

}  // namespace quantd
