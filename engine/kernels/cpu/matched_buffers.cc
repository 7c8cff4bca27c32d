#include "engine/kernels/cpu/matched_buffers.h"

#include "base/status_macros.h"
#include "engine/kernels/cpu/dnnl_context.h"
#include "engine/kernels/cpu/dnnl_tensor.h"

namespace quantd {
namespace {

bool HaveOneLayout(absl::Span<const Tensor* const> sources,
                   const dnnl::memory::desc& desc) {
  for (const Tensor* source : sources) {
    if (CurrentDesc(*source, source->shape().dims()) != desc) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<MatchedBuffers> MatchBuffers(
    absl::Span<const Tensor* const> sources, Tensor* dst) {
  MatchedBuffers buffers;
  bool has_layout = false;
  for (const Tensor* source : sources) {
    has_layout = has_layout || source->kernel_layout() != nullptr;
  }
  if (!has_layout) {
    for (const Tensor* source : sources) buffers.src.push_back(source->data());
    buffers.dst = dst->DataToOverwrite();
    buffers.count = dst->num_elements();
    return buffers;
  }
  RETURN_IF_ERROR(CatchDnnl("an elementwise layer", [&] {
    const std::vector<int64_t>& dims = dst->shape().dims();
    dnnl::memory::desc desc = CurrentDesc(*sources[0], dims);
    if (!HaveOneLayout(sources, desc)) desc = PlainDesc(dims);
    const bool is_plain = desc == PlainDesc(dims);
    for (const Tensor* source : sources) {
      buffers.src.push_back(
          is_plain ? source->data()
                   : static_cast<const float*>(
                         ReadMemory(*source, dims).get_data_handle()));
    }
    buffers.dst = static_cast<float*>(WriteMemory(desc, dst).get_data_handle());
    buffers.count = static_cast<int64_t>(desc.get_size() / sizeof(float));
  }));
  return buffers;
}

}  // namespace quantd
