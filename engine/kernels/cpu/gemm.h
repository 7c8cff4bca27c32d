// Matrix product of plain float arrays, by oneDNN.
// Not here: products with weights that stay the same (inner_product.h).
#ifndef QUANTD_ENGINE_KERNELS_CPU_GEMM_H_
#define QUANTD_ENGINE_KERNELS_CPU_GEMM_H_

#include <cstdint>

#include "absl/status/status.h"

namespace quantd {

// One factor, row by row. `stride` elements from one row to the next; 0 means
// that rows follow each other. Transposed, the memory holds the factor's
// columns.
struct GemmFactor {
  const float* data = nullptr;
  bool transposed = false;
  int64_t stride = 0;
};

// The product: `rows` x `columns` values; `c_stride` as GemmFactor::stride.
struct GemmSize {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t depth = 0;  // Columns of a, rows of b.
  int64_t c_stride = 0;
};

// c = a * b + beta * c. With beta 0 `c` is not read. Computes with NumThreads()
// (engine/core/threads.h). Depth 0 is a sum of nothing.
// Errors: INTERNAL, DEVICE_ERROR.
absl::Status Gemm(const GemmSize& size, const GemmFactor& a,
                  const GemmFactor& b, float beta, float* c);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_GEMM_H_
