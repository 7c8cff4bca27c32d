// Where the windows of a convolution lie in its input, for any number of
// spatial axes.
#ifndef QUANTD_ENGINE_INTEGER_WINDOW_INDICES_H_
#define QUANTD_ENGINE_INTEGER_WINDOW_INDICES_H_

#include <cstdint>
#include <vector>

#include "engine/kernels/conv_geometry.h"

namespace quantd {

// Sizes of the spatial axes of one convolution, outermost first.
struct WindowSizes {
  std::vector<int64_t> input;
  std::vector<int64_t> output;
};

// Product of `dims`; 1 without any.
int64_t ProductOf(const std::vector<int64_t>& dims);

// indices[p * kernel + k]: of element k of the window at output pixel
// first_pixel
// + p, the pixel of the input, both counted in C order; -1 in the padding.
// `count` pixels.
void WindowIndices(const ConvGeometry& geometry, const WindowSizes& sizes,
                   int64_t first_pixel, int64_t count,
                   std::vector<int32_t>* indices);

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_WINDOW_INDICES_H_
