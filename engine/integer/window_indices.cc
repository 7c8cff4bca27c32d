#include "engine/integer/window_indices.h"

#include <cstddef>

namespace quantd {
namespace {

// Counts `digits` up by one, the last axis fastest.
void Increment(const std::vector<int64_t>& dims, std::vector<int64_t>* digits) {
  for (int axis = static_cast<int>(dims.size()) - 1; axis >= 0; --axis) {
    if (++(*digits)[axis] < dims[axis]) return;
    (*digits)[axis] = 0;
  }
}

std::vector<int64_t> DigitsOf(int64_t index, const std::vector<int64_t>& dims) {
  std::vector<int64_t> digits(dims.size());
  for (int axis = static_cast<int>(dims.size()) - 1; axis >= 0; --axis) {
    digits[axis] = index % dims[axis];
    index /= dims[axis];
  }
  return digits;
}

// The input pixel of one element of one window; -1 in the padding.
int32_t IndexOf(const ConvGeometry& geometry, const std::vector<int64_t>& input,
                const std::vector<int64_t>& pixel,
                const std::vector<int64_t>& element) {
  int64_t index = 0;
  for (std::size_t axis = 0; axis < input.size(); ++axis) {
    const int64_t at = pixel[axis] * geometry.stride[axis] -
                       geometry.pad[axis] +
                       element[axis] * geometry.dilation[axis];
    if (at < 0 || at >= input[axis]) return -1;
    index = index * input[axis] + at;
  }
  return static_cast<int32_t>(index);
}

}  // namespace

int64_t ProductOf(const std::vector<int64_t>& dims) {
  int64_t product = 1;
  for (const int64_t dim : dims) product *= dim;
  return product;
}

void WindowIndices(const ConvGeometry& geometry, const WindowSizes& sizes,
                   int64_t first_pixel, int64_t count,
                   std::vector<int32_t>* indices) {
  const int64_t kernel = ProductOf(geometry.kernel);
  indices->resize(count * kernel);
  std::vector<int64_t> pixel = DigitsOf(first_pixel, sizes.output);
  for (int64_t p = 0; p < count; ++p, Increment(sizes.output, &pixel)) {
    std::vector<int64_t> element(geometry.kernel.size(), 0);
    for (int64_t k = 0; k < kernel; ++k) {
      (*indices)[p * kernel + k] =
          IndexOf(geometry, sizes.input, pixel, element);
      Increment(geometry.kernel, &element);
    }
  }
}

}  // namespace quantd
