#include "engine/kernels/cpu/convolution.h"

#include <utility>

#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/kernels/cpu/dnnl_tensor.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {
namespace {

using dnnl::memory;
using PrimitiveDesc = dnnl::convolution_forward::primitive_desc;

memory::desc AnyDesc(const memory::dims& dims) {
  return memory::desc(dims, memory::data_type::f32, memory::format_tag::any);
}

// (cout, cin/g, k...), or (g, cout/g, cin/g, k...) where there are groups.
memory::dims WeightDims(const ConvGeometry& g) {
  memory::dims dims = {g.channels_out / g.group, g.channels_in / g.group};
  if (g.group > 1) dims.insert(dims.begin(), g.group);
  dims.insert(dims.end(), g.kernel.begin(), g.kernel.end());
  return dims;
}

PrimitiveDesc MakeDesc(const ConvGeometry& g, const memory::dims& src,
                       const memory::dims& dst, bool has_bias) {
  memory::dims dilates;  // oneDNN counts the holes.
  for (int64_t dilation : g.dilation) dilates.push_back(dilation - 1);
  // What the division of the output size leaves over is cropped at the end.
  memory::dims pad_end;
  for (int axis = 0; axis < g.num_spatial_axes(); ++axis) {
    pad_end.push_back((dst[axis + 2] - 1) * g.stride[axis] +
                      g.KernelExtent(axis) - src[axis + 2] - g.pad[axis]);
  }
  const auto kind = dnnl::prop_kind::forward_inference;
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const memory::desc weights = AnyDesc(WeightDims(g));
  if (!has_bias) {
    return PrimitiveDesc({kind, algorithm, AnyDesc(src), weights, AnyDesc(dst),
                          g.stride, dilates, g.pad, pad_end},
                         DnnlEngine());
  }
  return PrimitiveDesc(
      {kind, algorithm, AnyDesc(src), weights, PlainDesc({g.channels_out}),
       AnyDesc(dst), g.stride, dilates, g.pad, pad_end},
      DnnlEngine());
}

}  // namespace

struct CpuConvolution::Plan {
  Shape src_shape;
  bool has_bias = false;
  PrimitiveDesc desc;
  dnnl::convolution_forward primitive;
  memory weights;  // Packed.
  bool weights_valid = false;
  memory src_scratch;
};

CpuConvolution::CpuConvolution(const ConvGeometry& geometry)
    : geometry_(geometry) {}

CpuConvolution::~CpuConvolution() = default;

void CpuConvolution::WeightsChanged() {
  for (auto& plan : plans_) plan->weights_valid = false;
}

CpuConvolution::Plan* CpuConvolution::FindOrMakePlan(const Tensor& src,
                                                     const Tensor& dst,
                                                     bool has_bias) {
  for (auto& plan : plans_) {
    if (plan->src_shape == src.shape() && plan->has_bias == has_bias) {
      return plan.get();
    }
  }
  auto plan = std::make_unique<Plan>();
  plan->src_shape = src.shape();
  plan->has_bias = has_bias;
  plan->desc =
      MakeDesc(geometry_, src.shape().dims(), dst.shape().dims(), has_bias);
  plan->primitive = dnnl::convolution_forward(plan->desc);
  if (plans_.size() == kMaxPlans) plans_.erase(plans_.begin());
  plans_.push_back(std::move(plan));
  return plans_.back().get();
}

absl::Status CpuConvolution::Run(const Tensor& src, const Tensor& weights,
                                 const Tensor* bias, Tensor* dst) {
  if (dst->num_elements() == 0) return absl::OkStatus();
  return CatchDnnl("a convolution", [&] {
    Plan* plan = FindOrMakePlan(src, *dst, bias != nullptr);
    if (!plan->weights_valid) {
      const memory plain(PlainDesc(WeightDims(geometry_)), DnnlEngine(),
                         const_cast<float*>(weights.data()));
      // Packed weights must not alias the layer's: those may be rewritten.
      plan->weights = memory(plan->desc.weights_desc(), DnnlEngine());
      memory from = plain;
      dnnl::reorder(from, plan->weights)
          .execute(DnnlStream(), from, plan->weights);
      plan->weights_valid = true;
    }
    const memory from = Reordered(ReadMemory(src, src.shape().dims()),
                                  plan->desc.src_desc(), &plan->src_scratch);
    std::unordered_map<int, memory> args = {
        {DNNL_ARG_SRC, from},
        {DNNL_ARG_WEIGHTS, plan->weights},
        {DNNL_ARG_DST, WriteMemory(plan->desc.dst_desc(), dst)}};
    if (bias != nullptr) {
      args[DNNL_ARG_BIAS] = ReadMemory(*bias, {geometry_.channels_out});
    }
    plan->primitive.execute(DnnlStream(), args);
    DnnlStream().wait();
  });
}

}  // namespace quantd
