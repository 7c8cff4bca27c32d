// Exact deconvolution of integers.
#ifndef QUANTD_ENGINE_INTEGER_INTEGER_DECONVOLUTION_H_
#define QUANTD_ENGINE_INTEGER_INTEGER_DECONVOLUTION_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "engine/integer/integer_convolution.h"
#include "engine/integer/integer_gemm.h"
#include "engine/integer/window_indices.h"
#include "engine/kernels/conv_geometry.h"

namespace quantd {

// Each input pixel adds (q - offset) * w to the pixels of its window in the
// result; exact in 64 bits, without bias.
//
// Threads: Run() uses OpenMP's; one caller at a time.
class IntegerDeconvolution {
 public:
  // `convolution` goes from the result to the input: its channels_in are the
  // layer's outputs. `weights`: (layer's inputs, its outputs / group,
  // kernel...).
  IntegerDeconvolution(const ConvGeometry& convolution,
                       const IntegerRange& range,
                       absl::Span<const int8_t> weights);

  // codes (num_images, inputs, sizes.output...), sums (num_images, outputs,
  // sizes.input...).
  void Run(const int16_t* codes, int64_t num_images, const WindowSizes& sizes,
           int64_t* sums) const;

 private:
  // One group of one image; `sums` are zero.
  void RunGroup(const int16_t* codes, const IntegerMatrix& weights,
                const int64_t* zero_sums, const WindowSizes& sizes,
                int64_t* sums) const;

  const ConvGeometry convolution_;
  const IntegerRange range_;
  // By group: a row per output channel and kernel element.
  std::vector<IntegerMatrix> weights_;
  std::vector<int64_t> zero_sums_;  // offset * sum of w, per row of all groups.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_INTEGER_DECONVOLUTION_H_
