#include "engine/kernels/cpu/gemm.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "oneapi/dnnl/dnnl.h"

namespace quantd {
namespace {

// Elements between rows of the memory, which has `width` columns.
int64_t StrideOf(int64_t stride, int64_t width) {
  return stride > 0 ? stride : std::max(width, int64_t{1});
}

int64_t StrideOf(const GemmFactor& factor, int64_t rows, int64_t columns) {
  return StrideOf(factor.stride, factor.transposed ? rows : columns);
}

void Multiply(float beta, const GemmSize& size, int64_t stride, float* c) {
  for (int64_t r = 0; r < size.rows; ++r) {
    float* row = c + r * stride;
    std::transform(row, row + size.columns, row,
                   [beta](float v) { return beta == 0 ? 0 : beta * v; });
  }
}

}  // namespace

absl::Status Gemm(const GemmSize& size, const GemmFactor& a,
                  const GemmFactor& b, float beta, float* c) {
  const int64_t c_stride = StrideOf(size.c_stride, size.columns);
  if (size.rows == 0 || size.columns == 0) return absl::OkStatus();
  if (size.depth == 0) {
    Multiply(beta, size, c_stride, c);
    return absl::OkStatus();
  }
  const dnnl_status_t status =
      dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', size.rows,
                 size.columns, size.depth, 1.0f, a.data,
                 StrideOf(a, size.rows, size.depth), b.data,
                 StrideOf(b, size.depth, size.columns), beta, c, c_stride);
  if (status == dnnl_success) return absl::OkStatus();
  return Error(absl::StatusCode::kInternal, "DEVICE_ERROR",
               absl::StrCat("oneDNN's matrix product of ", size.rows, " x ",
                            size.depth, " and ", size.depth, " x ",
                            size.columns, " failed with status ", status));
}

}  // namespace quantd
