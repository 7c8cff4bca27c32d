// Tensors as oneDNN memory: plain, or in a blocked layout that lives beside the
// plain one until somebody needs that (KernelLayout in engine/core/tensor.h).
// All functions may throw dnnl::error: call them inside CatchDnnl().
#ifndef QUANTD_ENGINE_KERNELS_CPU_DNNL_TENSOR_H_
#define QUANTD_ENGINE_KERNELS_CPU_DNNL_TENSOR_H_

#include <vector>

#include "engine/core/tensor.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {

// Row-major float32 of these dimensions.
dnnl::memory::desc PlainDesc(const std::vector<int64_t>& dims);

// The layout in which `tensor` has its values now, seen as `dims` (as many
// elements): a blocked one if it has one of just these dimensions, else plain.
dnnl::memory::desc CurrentDesc(const Tensor& tensor,
                               const std::vector<int64_t>& dims);

// The values of `tensor`, to read, in CurrentDesc(); no copy is made.
dnnl::memory ReadMemory(const Tensor& tensor, const std::vector<int64_t>& dims);

// Memory of layout `desc` for a kernel that writes all of `tensor`. Plain
// layouts are the tensor's own data. Call after the inputs were taken by
// ReadMemory() and execute at once: from here on the tensor's values are those
// of the returned memory.
dnnl::memory WriteMemory(const dnnl::memory::desc& desc, Tensor* tensor);

// As WriteMemory(), but the memory holds the values of `source`, which has the
// shape of `tensor`. With `take` it may be the memory of `source`, whose values
// are then lost.
dnnl::memory WriteMemoryOver(const Tensor& source, bool take,
                             const dnnl::memory::desc& desc, Tensor* tensor);

// `memory` itself if it has layout `desc`, else `*scratch` (made if it is empty
// or of another layout) with the values of `memory`.
dnnl::memory Reordered(const dnnl::memory& memory,
                       const dnnl::memory::desc& desc, dnnl::memory* scratch);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_DNNL_TENSOR_H_
