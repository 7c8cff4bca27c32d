// Exact products of integer matrices.
#ifndef QUANTD_ENGINE_INTEGER_INTEGER_GEMM_H_
#define QUANTD_ENGINE_INTEGER_INTEGER_GEMM_H_

#include <cstdint>
#include <vector>

namespace quantd {

// A matrix of 16-bit integers whose rows are padded with zeros to a multiple of
// kStride, so that loops over a row have no rest.
struct IntegerMatrix {
  static constexpr int64_t kStride = 32;

  IntegerMatrix() = default;
  // All zero.
  IntegerMatrix(int64_t num_rows, int64_t num_columns);

  int16_t* row(int64_t index) { return values.data() + index * stride; }
  const int16_t* row(int64_t index) const {
    return values.data() + index * stride;
  }

  int64_t num_rows = 0;
  int64_t num_columns = 0;
  int64_t stride = 0;
  std::vector<int16_t> values;
};

// How many products of a `num_bits` integer and an 8-bit one a 32-bit sum holds
// whatever their values are: 2^(24 - num_bits). 8 bits: 65536.
int64_t TermsOf32Bits(int num_bits);

// sums[i * b.num_rows + j] = sum over k of a(i, k) * b(j, k), exact. `a` holds
// `num_bits` integers, -2^(num_bits - 1) .. 2^(num_bits - 1) - 1, 2 to 16 bits;
// `b` 8-bit ones; both have the same number of columns. Only the first
// `num_rows` rows of `a` are used.
// Memory: nothing of its own.
void IntegerGemm(const IntegerMatrix& a, int64_t num_rows,
                 const IntegerMatrix& b, int num_bits, int64_t* sums);

// The same as the formula reads, in 64-bit sums.
void IntegerGemmReference(const IntegerMatrix& a, int64_t num_rows,
                          const IntegerMatrix& b, int64_t* sums);

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_INTEGER_GEMM_H_
