#include "engine/kernels/cpu/concat.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/kernels/cpu/dnnl_tensor.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {

using dnnl::memory;

struct CpuConcat::Plan {
  int axis;
  std::vector<memory::desc> src_descs;
  dnnl::concat::primitive_desc desc;
  dnnl::concat primitive;
};

CpuConcat::CpuConcat() = default;

CpuConcat::~CpuConcat() = default;

bool CpuConcat::Supports(absl::Span<const Tensor* const> sources) {
  for (const Tensor* source : sources) {
    if (source->kernel_layout() == nullptr) return false;
  }
  return true;
}

absl::Status CpuConcat::Run(absl::Span<const Tensor* const> sources, int axis,
                            Tensor* dst) {
  if (dst->num_elements() == 0) return absl::OkStatus();
  return CatchDnnl("a concatenation", [&] {
    std::vector<memory::desc> descs;
    std::unordered_map<int, memory> args;
    for (size_t i = 0; i < sources.size(); ++i) {
      const memory source = ReadMemory(*sources[i], sources[i]->shape().dims());
      descs.push_back(source.get_desc());
      args[DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i)] = source;
    }
    if (plan_ == nullptr || plan_->axis != axis || plan_->src_descs != descs) {
      auto plan = std::make_unique<Plan>();
      plan->axis = axis;
      plan->desc = dnnl::concat::primitive_desc(axis, descs, DnnlEngine());
      plan->primitive = dnnl::concat(plan->desc);
      plan->src_descs = std::move(descs);
      plan_ = std::move(plan);
    }
    args[DNNL_ARG_DST] = WriteMemory(plan_->desc.dst_desc(), dst);
    plan_->primitive.execute(DnnlStream(), args);
    DnnlStream().wait();
  });
}

}  // namespace quantd
