#include "engine/kernels/cpu/inner_product_backward.h"

#include <cstdint>

#include "engine/kernels/cpu/dnnl_context.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {
namespace {

// A row-major matrix.
struct Matrix {
  const float* values;
  int64_t columns;  // As stored.
  bool transposed;
};

// c (rows x columns) = a * b + beta * c, where a has `inner` columns.
absl::Status Multiply(int64_t rows, int64_t columns, int64_t inner,
                      const Matrix& a, const Matrix& b, float beta, float* c) {
  return CatchDnnl("the gradient of an inner product", [&] {
    const dnnl::status status =
        dnnl::sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', rows,
                    columns, inner, 1.0f, a.values, a.columns, b.values,
                    b.columns, beta, c, columns);
    if (status == dnnl::status::success) return;
    throw dnnl::error(static_cast<dnnl_status_t>(status), "sgemm failed");
  });
}

}  // namespace

absl::Status InnerProductBackwardData(const Tensor& weights, bool transposed,
                                      const Tensor& diff_dst,
                                      Tensor* diff_src) {
  const int64_t items = diff_dst.shape()[0], outputs = diff_dst.shape()[1];
  const int64_t inputs = diff_src->shape()[1];
  if (items == 0) return absl::OkStatus();
  return Multiply(items, inputs, outputs, {diff_dst.data(), outputs, false},
                  {weights.data(), transposed ? outputs : inputs, transposed},
                  0.0f, diff_src->DataToOverwrite());
}

absl::Status InnerProductBackwardWeights(const Tensor& src, bool transposed,
                                         const Tensor& diff_dst,
                                         Tensor* diff_weights) {
  const int64_t items = diff_dst.shape()[0], outputs = diff_dst.shape()[1];
  const int64_t inputs = src.shape()[1];
  if (items == 0) return absl::OkStatus();
  if (transposed) {
    return Multiply(inputs, outputs, items, {src.data(), inputs, true},
                    {diff_dst.data(), outputs, false}, 1.0f,
                    diff_weights->data());
  }
  return Multiply(outputs, inputs, items, {diff_dst.data(), outputs, true},
                  {src.data(), inputs, false}, 1.0f, diff_weights->data());
}

void InnerProductBackwardBias(const Tensor& diff_dst, Tensor* diff_bias) {
  const int64_t items = diff_dst.shape()[0], outputs = diff_dst.shape()[1];
  const float* dy = diff_dst.data();
  float* db = diff_bias->data();
  for (int64_t n = 0; n < items; ++n) {
    for (int64_t m = 0; m < outputs; ++m) db[m] += dy[n * outputs + m];
  }
}

}  // namespace quantd
