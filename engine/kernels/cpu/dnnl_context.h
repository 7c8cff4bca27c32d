// oneDNN's engine and stream, and the fence around its exceptions.
#ifndef QUANTD_ENGINE_KERNELS_CPU_DNNL_CONTEXT_H_
#define QUANTD_ENGINE_KERNELS_CPU_DNNL_CONTEXT_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {

// The process's CPU engine, and a stream of the calling thread. Both throw
// dnnl::error when they cannot be made: call them inside CatchDnnl().
dnnl::engine& DnnlEngine();
dnnl::stream& DnnlStream();

// Runs `body`, which may throw. `what` says what it computes.
// Errors: RESOURCE_EXHAUSTED, OUT_OF_MEMORY; INTERNAL, DEVICE_ERROR with
// oneDNN's message.
absl::Status CatchDnnl(absl::string_view what,
                       const std::function<void()>& body);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_DNNL_CONTEXT_H_
