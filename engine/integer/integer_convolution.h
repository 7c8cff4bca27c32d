// Exact convolution of integers.
#ifndef QUANTD_ENGINE_INTEGER_INTEGER_CONVOLUTION_H_
#define QUANTD_ENGINE_INTEGER_INTEGER_CONVOLUTION_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "engine/integer/integer_gemm.h"
#include "engine/integer/window_indices.h"
#include "engine/kernels/conv_geometry.h"

namespace quantd {

// The integers of a layer's input.
struct IntegerRange {
  int num_bits = 8;    // 2..16.
  int32_t offset = 0;  // What stands for zero, also in the padding.
};

// sums[o] = sum over the window of (q - offset) * w, without bias, in 64 bits;
// products are added in 32 bits as far as these certainly hold them.
//
// Threads: Run() uses OpenMP's; one caller at a time.
// Memory: the weights twice as 16 bits; per thread the windows of kPixels
// pixels.
class IntegerConvolution {
 public:
  static constexpr int64_t kPixels = 64;

  // `weights`: (cout, cin / group, kernel...).
  IntegerConvolution(const ConvGeometry& geometry, const IntegerRange& range,
                     absl::Span<const int8_t> weights);

  // codes (num_images, cin, input...), sums (num_images, cout, output...).
  void Run(const int16_t* codes, int64_t num_images, const WindowSizes& sizes,
           int64_t* sums) const;

 private:
  // Of one image: the pixels first, first + 1, ... up to kPixels.
  void RunBlock(const int16_t* codes, const WindowSizes& sizes, int64_t first,
                int64_t* sums) const;
  void Gather(const int16_t* codes, int64_t input_size,
              const std::vector<int32_t>& indices, int64_t num_pixels,
              IntegerMatrix* windows) const;

  const ConvGeometry geometry_;
  const IntegerRange range_;
  std::vector<IntegerMatrix> weights_;  // By group: a row per output channel.
  std::vector<int64_t> zero_sums_;      // offset * sum of w, per channel.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_INTEGER_CONVOLUTION_H_
