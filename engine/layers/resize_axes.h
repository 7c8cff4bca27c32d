// Resizing as two reads and a linear interpolation per axis: what the layers
// that enlarge and shrink maps share.
#ifndef QUANTD_ENGINE_LAYERS_RESIZE_AXES_H_
#define QUANTD_ENGINE_LAYERS_RESIZE_AXES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "engine/core/tensor.h"

namespace quantd {

// Value of an output coordinate: in[lower] + lerp * (in[upper] - in[lower]).
struct ResizeTap {
  int64_t lower = 0;
  int64_t upper = 0;
  float lerp = 0;
};

// One axis of the tensors and the taps of its output coordinates, inside the
// input.
struct ResizeAxis {
  int axis = 0;
  std::vector<ResizeTap> taps;
};

// A tap at `position`, cut to the `size` pixels of the input.
ResizeTap LinearTap(float position, int64_t size);

// How two ends of an axis lie on each other.
enum class ResizeMode {
  kCorner,           // out * in_size / out_size
  kAlignCorners,     // out * (in_size - 1) / (out_size - 1)
  kHalfPixel,        // (out + 0.5) * in_size / out_size - 0.5
  kPytorchHalfPixel  // As kHalfPixel; pixel 0 for an output of one.
};

std::vector<ResizeTap> LinearTaps(ResizeMode mode, int64_t in_size,
                                  int64_t out_size);

// Output o reads input o / factor.
std::vector<ResizeTap> RepeatTaps(int64_t in_size, int64_t factor);

// Sorts `axes` so that those that shrink `x` come first: no pass then makes
// more than the larger of input and output.
void OrderAxes(const Shape& x, std::vector<ResizeAxis>* axes);

// Interpolates along `axes`, one after the other, in the order of OrderAxes();
// `y` has the input's shape but for them, there the number of taps. Errors:
// RESOURCE_EXHAUSTED.
absl::Status Resize(const Tensor& x, const std::vector<ResizeAxis>& axes,
                    Tensor* y);

// The gradient of Resize(): overwrites `dx`.
absl::Status ResizeBackward(const Tensor& dy,
                            const std::vector<ResizeAxis>& axes, Tensor* dx);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_RESIZE_AXES_H_
