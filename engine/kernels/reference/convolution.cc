#include "engine/kernels/reference/convolution.h"

#include <vector>

namespace quantd {
namespace {

// Coordinates of the flat index `i` in `sizes`, outermost first.
std::vector<int64_t> Unflatten(int64_t i, const std::vector<int64_t>& sizes) {
  std::vector<int64_t> at(sizes.size());
  for (size_t axis = sizes.size(); axis-- > 0;) {
    at[axis] = i % sizes[axis];
    i /= sizes[axis];
  }
  return at;
}

int64_t Product(const std::vector<int64_t>& sizes) {
  int64_t product = 1;
  for (int64_t size : sizes) product *= size;
  return product;
}

// Flat index of the input pixel under kernel position `k` for output position
// `o`; -1 in the padding.
int64_t InputIndex(const ConvGeometry& g, const std::vector<int64_t>& sizes,
                   const std::vector<int64_t>& o,
                   const std::vector<int64_t>& k) {
  int64_t index = 0;
  for (int axis = 0; axis < g.num_spatial_axes(); ++axis) {
    const int64_t i =
        o[axis] * g.stride[axis] - g.pad[axis] + k[axis] * g.dilation[axis];
    if (i < 0 || i >= sizes[axis]) return -1;
    index = index * sizes[axis] + i;
  }
  return index;
}

}  // namespace

void ReferenceConvolution(const ConvGeometry& g, const Tensor& src,
                          const Tensor& weights, const Tensor* bias,
                          Tensor* dst) {
  const std::vector<int64_t> in_sizes(src.shape().dims().begin() + 2,
                                      src.shape().dims().end());
  const std::vector<int64_t> out_sizes(dst->shape().dims().begin() + 2,
                                       dst->shape().dims().end());
  const int64_t in_pixels = Product(in_sizes);
  const int64_t out_pixels = Product(out_sizes);
  const int64_t kernel_pixels = Product(g.kernel);
  const int64_t group_in = g.channels_in / g.group;
  const int64_t group_out = g.channels_out / g.group;
  float* y = dst->data();
  for (int64_t i = 0; i < dst->num_elements(); ++i) {
    const int64_t n = i / out_pixels / g.channels_out;
    const int64_t co = i / out_pixels % g.channels_out;
    const std::vector<int64_t> o = Unflatten(i % out_pixels, out_sizes);
    const float* w = weights.data() + co * group_in * kernel_pixels;
    const float* x =
        src.data() +
        (n * g.channels_in + co / group_out * group_in) * in_pixels;
    double sum = bias == nullptr ? 0 : bias->data()[co];
    for (int64_t k = 0; k < kernel_pixels; ++k) {
      const int64_t pixel = InputIndex(g, in_sizes, o, Unflatten(k, g.kernel));
      if (pixel < 0) continue;
      for (int64_t ci = 0; ci < group_in; ++ci) {
        sum += static_cast<double>(x[ci * in_pixels + pixel]) *
               w[ci * kernel_pixels + k];
      }
    }
    y[i] = static_cast<float>(sum);
  }
}

}  // namespace quantd
