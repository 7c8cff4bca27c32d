// Batches of matrix products with transposed factors, and their gradients: what
// MatMul, BatchedMatMul and Gemm share.
#ifndef QUANTD_ENGINE_LAYERS_MATRIX_PRODUCT_H_
#define QUANTD_ENGINE_LAYERS_MATRIX_PRODUCT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/shape.h"
#include "engine/layers/pair_broadcast.h"

namespace quantd {

// c (rows, columns) = op(a) (rows, depth) * op(b) (depth, columns), op the
// transpose of what is in memory where that is said, for each pair of matrices.
struct MatrixProduct {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t depth = 0;
  bool transpose_a = false;
  bool transpose_b = false;
  PairBroadcast batch;  // Of the matrices of a and b.
  Shape shape;          // Of c.

  // Over the last two axes; the others, the batch, are spread over each other
  // as PairBroadcast does.
  // Errors: INVALID_ARGUMENT.
  static absl::StatusOr<MatrixProduct> Create(const Shape& a, bool transpose_a,
                                              const Shape& b, bool transpose_b);

  // Errors: of Gemm() (engine/kernels/cpu/gemm.h).
  absl::Status Forward(const float* a, const float* b, float* c) const;
  // Adds the gradient to da, or to db.
  absl::Status BackwardA(const float* b, const float* dc, float* da) const;
  absl::Status BackwardB(const float* a, const float* dc, float* db) const;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_MATRIX_PRODUCT_H_
