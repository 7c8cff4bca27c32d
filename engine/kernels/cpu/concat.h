// Concatenation of blocked tensors by oneDNN.
#ifndef QUANTD_ENGINE_KERNELS_CPU_CONCAT_H_
#define QUANTD_ENGINE_KERNELS_CPU_CONCAT_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/tensor.h"

namespace quantd {

// Threads: one at a time; computes with NumThreads() (engine/core/threads.h).
class CpuConcat {
 public:
  CpuConcat();
  ~CpuConcat();

  // True if all of `sources` are in a blocked layout: then this is faster than
  // copying plain values.
  static bool Supports(absl::Span<const Tensor* const> sources);

  // Joins `sources` along `axis` into `dst`, which has the fitting shape and
  // may become blocked. Errors: RESOURCE_EXHAUSTED, INTERNAL (CatchDnnl()).
  absl::Status Run(absl::Span<const Tensor* const> sources, int axis,
                   Tensor* dst);

 private:
  struct Plan;  // The primitive for one set of layouts.

  std::unique_ptr<Plan> plan_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_CONCAT_H_
