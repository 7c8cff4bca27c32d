#include "engine/kernels/cpu/convolution.h"

#include <utility>

#include "engine/kernels/cpu/conv_desc.h"
#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/kernels/cpu/dnnl_tensor.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {
namespace {

using dnnl::memory;
using PrimitiveDesc = dnnl::convolution_forward::primitive_desc;

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
      ConvForwardDesc(geometry_, dnnl::prop_kind::forward_inference,
                      src.shape().dims(), dst.shape().dims(), has_bias);
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
      const memory plain(PlainDesc(ConvWeightDims(geometry_)), DnnlEngine(),
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
