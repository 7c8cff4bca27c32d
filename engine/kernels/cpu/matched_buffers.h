// Elementwise work on tensors in whatever layout they are.
#ifndef QUANTD_ENGINE_KERNELS_CPU_MATCHED_BUFFERS_H_
#define QUANTD_ENGINE_KERNELS_CPU_MATCHED_BUFFERS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/core/tensor.h"

namespace quantd {

// Buffers whose elements at the same place belong together. A blocked layout
// may hold more elements than the tensor: zeros that must stay zeros.
struct MatchedBuffers {
  std::vector<const float*> src;  // One a source.
  float* dst = nullptr;
  int64_t count = 0;
};

// Buffers to compute dst[i] = f(src0[i], src1[i], ...) for all i < count, with
// f(0, 0, ...) = 0: in the blocked layout of the sources if all have the same
// one, else in plain order. All tensors have one shape; `dst` may be a source.
// Write all of dst: its values are taken to be there from now on.
// Errors: RESOURCE_EXHAUSTED, INTERNAL (CatchDnnl()).
absl::StatusOr<MatchedBuffers> MatchBuffers(
    absl::Span<const Tensor* const> sources, Tensor* dst);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_MATCHED_BUFFERS_H_
