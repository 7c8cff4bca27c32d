#include "engine/kernels/reference/convolution.h"

#include <algorithm>
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

// Calls visit(output, input, weight), flat indices of three elements, for
// every product of the convolution; products of one output follow each other.
template <typename Visit>
void ForEachProduct(const ConvGeometry& g, const Shape& src, const Shape& dst,
                    const Visit& visit) {
  const std::vector<int64_t> in_sizes(src.dims().begin() + 2, src.dims().end());
  const std::vector<int64_t> out_sizes(dst.dims().begin() + 2,
                                       dst.dims().end());
  const int64_t in_pixels = Product(in_sizes);
  const int64_t out_pixels = Product(out_sizes);
  const int64_t kernel_pixels = Product(g.kernel);
  const int64_t group_in = g.channels_in / g.group;
  const int64_t group_out = g.channels_out / g.group;
  for (int64_t i = 0; i < dst.num_elements(); ++i) {
    const int64_t n = i / out_pixels / g.channels_out;
    const int64_t co = i / out_pixels % g.channels_out;
    const std::vector<int64_t> o = Unflatten(i % out_pixels, out_sizes);
    const int64_t w = co * group_in * kernel_pixels;
    const int64_t x =
        (n * g.channels_in + co / group_out * group_in) * in_pixels;
    for (int64_t k = 0; k < kernel_pixels; ++k) {
      const int64_t pixel = InputIndex(g, in_sizes, o, Unflatten(k, g.kernel));
      if (pixel < 0) continue;
      for (int64_t ci = 0; ci < group_in; ++ci) {
        visit(i, x + ci * in_pixels + pixel, w + ci * kernel_pixels + k);
      }
    }
  }
}

// The channel (axis 1) of the flat index `i`.
int64_t ChannelOf(const Shape& shape, int64_t i) {
  return i / shape.Count(2) % shape[1];
}

}  // namespace

void ReferenceConvolution(const ConvGeometry& g, const Tensor& src,
                          const Tensor& weights, const Tensor* bias,
                          Tensor* dst) {
  const float* x = src.data();
  const float* w = weights.data();
  std::vector<double> sums(dst->num_elements());
  for (size_t i = 0; bias != nullptr && i < sums.size(); ++i) {
    sums[i] = bias->data()[ChannelOf(dst->shape(), static_cast<int64_t>(i))];
  }
  ForEachProduct(g, src.shape(), dst->shape(),
                 [&](int64_t out, int64_t in, int64_t weight) {
                   sums[out] += static_cast<double>(x[in]) * w[weight];
                 });
  std::copy(sums.begin(), sums.end(), dst->data());
}

void ReferenceConvolutionBackwardData(const ConvGeometry& g,
                                      const Tensor& weights,
                                      const Tensor& diff_dst,
                                      Tensor* diff_src) {
  const float* dy = diff_dst.data();
  const float* w = weights.data();
  std::vector<double> sums(diff_src->num_elements());
  ForEachProduct(g, diff_src->shape(), diff_dst.shape(),
                 [&](int64_t out, int64_t in, int64_t weight) {
                   sums[in] += static_cast<double>(dy[out]) * w[weight];
                 });
  std::copy(sums.begin(), sums.end(), diff_src->data());
}

void ReferenceConvolutionBackwardWeights(const ConvGeometry& g,
                                         const Tensor& src,
                                         const Tensor& diff_dst,
                                         Tensor* diff_weights,
                                         Tensor* diff_bias) {
  const float* x = src.data();
  const float* dy = diff_dst.data();
  const absl::Span<float> dw = diff_weights->values();
  std::vector<double> sums(dw.begin(), dw.end());
  ForEachProduct(g, src.shape(), diff_dst.shape(),
                 [&](int64_t out, int64_t in, int64_t weight) {
                   sums[weight] += static_cast<double>(dy[out]) * x[in];
                 });
  std::copy(sums.begin(), sums.end(), dw.begin());
  if (diff_bias == nullptr) return;
  const absl::Span<float> db = diff_bias->values();
  std::vector<double> bias_sums(db.begin(), db.end());
  for (int64_t i = 0; i < diff_dst.num_elements(); ++i) {
    bias_sums[ChannelOf(diff_dst.shape(), i)] += dy[i];
  }
  std::copy(bias_sums.begin(), bias_sums.end(), db.begin());
}

}  // namespace quantd
