#include "engine/layers/matrix_product.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/kernels/cpu/gemm.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

absl::StatusOr<Shape> BatchOf(const Shape& shape) {
  return Shape::Create({shape.dims().begin(), shape.dims().end() - 2});
}

absl::Status Mismatch(const Shape& a, const Shape& b, absl::string_view what) {
  return BottomError(absl::StrCat("matrices of shapes ", a.ToString(), " and ",
                                  b.ToString(), ": ", what));
}

// Calls multiply(c, a, b), the numbers of the matrices, until it fails.
template <typename Multiply>
absl::Status ForEachMatrix(const MatrixProduct& product,
                           const Multiply& multiply) {
  absl::Status status;
  if (product.shape.num_elements() == 0) return status;
  const PairBroadcast& batch = product.batch;
  batch.ForEachRun([&](int64_t c, int64_t a, int64_t b) {
    for (int64_t k = 0; k < batch.run() && status.ok(); ++k) {
      status = multiply(c + k, a + k * batch.a_step(), b + k * batch.b_step());
    }
  });
  return status;
}

}  // namespace

absl::StatusOr<MatrixProduct> MatrixProduct::Create(const Shape& a,
                                                    bool transpose_a,
                                                    const Shape& b,
                                                    bool transpose_b) {
  if (a.num_axes() < 2 || b.num_axes() < 2) {
    return Mismatch(a, b, "both need two axes or more");
  }
  MatrixProduct product;
  product.transpose_a = transpose_a;
  product.transpose_b = transpose_b;
  const int a_row = a.num_axes() - 2;
  const int b_row = b.num_axes() - 2;
  product.rows = a[a_row + (transpose_a ? 1 : 0)];
  product.depth = a[a_row + (transpose_a ? 0 : 1)];
  product.columns = b[b_row + (transpose_b ? 0 : 1)];
  const int64_t b_depth = b[b_row + (transpose_b ? 1 : 0)];
  if (b_depth != product.depth) {
    return Mismatch(a, b,
                    absl::StrCat("the inner dimensions ", product.depth,
                                 " and ", b_depth, " differ"));
  }
  ASSIGN_OR_RETURN(const Shape a_batch, BatchOf(a));
  ASSIGN_OR_RETURN(const Shape b_batch, BatchOf(b));
  ASSIGN_OR_RETURN(product.batch, PairBroadcast::Create(a_batch, b_batch));
  std::vector<int64_t> dims = product.batch.shape().dims();
  dims.push_back(product.rows);
  dims.push_back(product.columns);
  ASSIGN_OR_RETURN(product.shape, Shape::Create(dims));
  const bool one_b = b_batch.num_elements() == 1 && !transpose_a;
  if (one_b && product.shape.num_elements() > 0) {  // One tall matrix.
    product.rows *= a_batch.num_elements();
    product.batch = PairBroadcast();
  }
  return product;
}

absl::Status MatrixProduct::Forward(const float* a, const float* b,
                                    float* c) const {
  return ForEachMatrix(*this, [&](int64_t ic, int64_t ia, int64_t ib) {
    return Gemm(
        {rows, columns, depth, 0}, {a + ia * rows * depth, transpose_a, 0},
        {b + ib * depth * columns, transpose_b, 0}, 0, c + ic * rows * columns);
  });
}

absl::Status MatrixProduct::BackwardA(const float* b, const float* dc,
                                      float* da) const {
  return ForEachMatrix(*this, [&](int64_t ic, int64_t ia, int64_t ib) {
    const float* b_i = b + ib * depth * columns;
    const float* dc_i = dc + ic * rows * columns;
    float* da_i = da + ia * rows * depth;
    return transpose_a ? Gemm({depth, rows, columns, 0}, {b_i, transpose_b, 0},
                              {dc_i, true, 0}, 1, da_i)
                       : Gemm({rows, depth, columns, 0}, {dc_i, false, 0},
                              {b_i, !transpose_b, 0}, 1, da_i);
  });
}

absl::Status MatrixProduct::BackwardB(const float* a, const float* dc,
                                      float* db) const {
  return ForEachMatrix(*this, [&](int64_t ic, int64_t ia, int64_t ib) {
    const float* a_i = a + ia * rows * depth;
    const float* dc_i = dc + ic * rows * columns;
    float* db_i = db + ib * depth * columns;
    return transpose_b ? Gemm({columns, depth, rows, 0}, {dc_i, true, 0},
                              {a_i, transpose_a, 0}, 1, db_i)
                       : Gemm({depth, columns, rows, 0}, {a_i, !transpose_a, 0},
                              {dc_i, false, 0}, 1, db_i);
  });
}

}  // namespace quantd
