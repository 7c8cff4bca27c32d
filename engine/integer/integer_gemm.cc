#include "engine/integer/integer_gemm.h"

#include <algorithm>

// The loop is written once, for the compiler to vectorize, and instantiated for
// what the processor has.
#define QUANTD_INLINE inline __attribute__((always_inline))

namespace quantd {
namespace {

// A tile is 2 rows of a by 4 rows of b: eight sums fit the registers.
constexpr int kTileA = 2;
constexpr int kTileB = 4;

// Adds to `sums` the products of columns [0, count) of a tile, count a multiple
// of kStride. Missing rows are given as repetitions of others.
QUANTD_INLINE void AddTile(const int16_t* const* a, const int16_t* const* b,
                           int64_t count, int64_t sums[kTileA][kTileB]) {
  const int16_t* a0 = a[0];
  const int16_t* a1 = a[1];
  const int16_t* b0 = b[0];
  const int16_t* b1 = b[1];
  const int16_t* b2 = b[2];
  const int16_t* b3 = b[3];
  int32_t s00 = 0, s01 = 0, s02 = 0, s03 = 0;
  int32_t s10 = 0, s11 = 0, s12 = 0, s13 = 0;
#pragma omp simd reduction(+ : s00, s01, s02, s03, s10, s11, s12, s13)
  for (int64_t k = 0; k < count; ++k) {
    s00 += int32_t{a0[k]} * b0[k];
    s01 += int32_t{a0[k]} * b1[k];
    s02 += int32_t{a0[k]} * b2[k];
    s03 += int32_t{a0[k]} * b3[k];
    s10 += int32_t{a1[k]} * b0[k];
    s11 += int32_t{a1[k]} * b1[k];
    s12 += int32_t{a1[k]} * b2[k];
    s13 += int32_t{a1[k]} * b3[k];
  }
  sums[0][0] += s00;
  sums[0][1] += s01;
  sums[0][2] += s02;
  sums[0][3] += s03;
  sums[1][0] += s10;
  sums[1][1] += s11;
  sums[1][2] += s12;
  sums[1][3] += s13;
}

QUANTD_INLINE void GemmLoop(const IntegerMatrix& a, int64_t num_rows,
                            const IntegerMatrix& b, int64_t terms,
                            int64_t* sums) {
  for (int64_t j = 0; j < b.num_rows; j += kTileB) {
    const int64_t columns = std::min<int64_t>(kTileB, b.num_rows - j);
    for (int64_t i = 0; i < num_rows; i += kTileA) {
      const int64_t rows = std::min<int64_t>(kTileA, num_rows - i);
      int64_t tile[kTileA][kTileB] = {};
      for (int64_t k = 0; k < a.stride; k += terms) {
        const int16_t* from_a[kTileA];
        const int16_t* from_b[kTileB];
        for (int64_t t = 0; t < kTileA; ++t) {
          from_a[t] = a.row(i + std::min(t, rows - 1)) + k;
        }
        for (int64_t t = 0; t < kTileB; ++t) {
          from_b[t] = b.row(j + std::min(t, columns - 1)) + k;
        }
        AddTile(from_a, from_b, std::min(terms, a.stride - k), tile);
      }
      for (int64_t t = 0; t < rows; ++t) {
        std::copy_n(tile[t], columns, sums + (i + t) * b.num_rows + j);
      }
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void GemmAvx2(const IntegerMatrix& a,
                                              int64_t num_rows,
                                              const IntegerMatrix& b,
                                              int64_t terms, int64_t* sums) {
  GemmLoop(a, num_rows, b, terms, sums);
}
#endif

}  // namespace

IntegerMatrix::IntegerMatrix(int64_t num_rows, int64_t num_columns)
    : num_rows(num_rows),
      num_columns(num_columns),
      stride((num_columns + kStride - 1) / kStride * kStride),
      values(num_rows * stride, 0) {}

int64_t TermsOf32Bits(int num_bits) { return int64_t{1} << (24 - num_bits); }

void IntegerGemm(const IntegerMatrix& a, int64_t num_rows,
                 const IntegerMatrix& b, int num_bits, int64_t* sums) {
  // |sum| <= 2^31 only if all factors are the lowest: one stride less.
  const int64_t terms = TermsOf32Bits(num_bits) - IntegerMatrix::kStride;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    return GemmAvx2(a, num_rows, b, terms, sums);
  }
#endif
  GemmLoop(a, num_rows, b, terms, sums);
}

void IntegerGemmReference(const IntegerMatrix& a, int64_t num_rows,
                          const IntegerMatrix& b, int64_t* sums) {
  for (int64_t i = 0; i < num_rows; ++i) {
    for (int64_t j = 0; j < b.num_rows; ++j) {
      int64_t sum = 0;
      for (int64_t k = 0; k < a.num_columns; ++k) {
        sum += int64_t{a.row(i)[k]} * b.row(j)[k];
      }
      sums[i * b.num_rows + j] = sum;
    }
  }
}

}  // namespace quantd
