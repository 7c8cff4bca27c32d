// Exact inner products of integers.
#ifndef QUANTD_ENGINE_INTEGER_INTEGER_INNER_PRODUCT_H_
#define QUANTD_ENGINE_INTEGER_INTEGER_INNER_PRODUCT_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "engine/integer/integer_convolution.h"
#include "engine/integer/integer_gemm.h"

namespace quantd {

// sums(m, n) = sum over k of (q(m, k) - offset) * w(n, k), exact in 64 bits,
// without bias.
class IntegerInnerProduct {
 public:
  // `weights`: (num_out, num_in), or (num_in, num_out) if `transposed`.
  IntegerInnerProduct(int64_t num_in, int64_t num_out, bool transposed,
                      const IntegerRange& range,
                      absl::Span<const int8_t> weights);

  // codes (num_items, num_in), sums (num_items, num_out).
  void Run(const int16_t* codes, int64_t num_items, int64_t* sums) const;

 private:
  const IntegerRange range_;
  IntegerMatrix weights_;           // A row per output.
  std::vector<int64_t> zero_sums_;  // offset * sum of w, per output.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_INTEGER_INNER_PRODUCT_H_
