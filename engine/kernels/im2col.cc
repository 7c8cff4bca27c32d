#include "engine/kernels/im2col.h"

#include <algorithm>
#include <vector>

namespace quantd {
namespace {

// One kernel position over one plane of the image.
struct Tap {
  const ConvGeometry& g;
  absl::Span<const int64_t> in_sizes;
  absl::Span<const int64_t> out_sizes;
  std::vector<int64_t> at;  // Pixel of the image for output position 0.
};

// The position `k` of the kernel, a flat index.
Tap MakeTap(const ConvGeometry& g, const Shape& src, const Shape& dst,
            int64_t k) {
  const int num_axes = g.num_spatial_axes();
  Tap tap{g, absl::MakeConstSpan(src.dims()).subspan(2),
          absl::MakeConstSpan(dst.dims()).subspan(2),
          std::vector<int64_t>(num_axes)};
  for (int axis = num_axes; axis-- > 0;) {
    tap.at[axis] = k % g.kernel[axis] * g.dilation[axis] - g.pad[axis];
    k /= g.kernel[axis];
  }
  return tap;
}

// Where the last axis of the output sees the image: positions [begin, end).
struct Run {
  int64_t begin;
  int64_t end;
};

Run RunOf(const Tap& tap) {
  const int axis = tap.g.num_spatial_axes() - 1;
  const int64_t stride = tap.g.stride[axis], at = tap.at[axis];
  const int64_t size = tap.out_sizes[axis];
  const int64_t left = tap.in_sizes[axis] - at;
  const int64_t begin = at >= 0 ? 0 : (-at + stride - 1) / stride;
  const int64_t end = left <= 0 ? 0 : (left - 1) / stride + 1;
  return {std::min(begin, size), std::max(begin, std::min(end, size))};
}

// First pixel of the image's row for the flat index `row` of the output's rows;
// -1 if that row lies in the padding.
int64_t ImageRow(const Tap& tap, int64_t row) {
  int64_t index = 0, pixels = tap.in_sizes.back();
  for (int axis = tap.g.num_spatial_axes() - 2; axis >= 0; --axis) {
    const int64_t i =
        tap.at[axis] + row % tap.out_sizes[axis] * tap.g.stride[axis];
    row /= tap.out_sizes[axis];
    if (i < 0 || i >= tap.in_sizes[axis]) return -1;
    index += i * pixels;
    pixels *= tap.in_sizes[axis];
  }
  return index;
}

int64_t KernelPixels(const ConvGeometry& g) {
  int64_t pixels = 1;
  for (int64_t size : g.kernel) pixels *= size;
  return pixels;
}

// One plane of dst from one of src.
void Gather(const Tap& tap, const float* src, int64_t num_rows, float* dst) {
  const Run run = RunOf(tap);
  const int64_t size = tap.out_sizes.back();
  const int64_t at = tap.at.back(), stride = tap.g.stride.back();
  for (int64_t row = 0; row < num_rows; ++row, dst += size) {
    const int64_t from = ImageRow(tap, row);
    if (from < 0) {
      std::fill_n(dst, size, 0.0f);
      continue;
    }
    std::fill(dst, dst + run.begin, 0.0f);
    for (int64_t o = run.begin; o < run.end; ++o) {
      dst[o] = src[from + at + o * stride];
    }
    std::fill(dst + std::min(run.end, size), dst + size, 0.0f);
  }
}

// The opposite: adds one plane of dst to one of src.
void Scatter(const Tap& tap, const float* dst, int64_t num_rows, float* src) {
  const Run run = RunOf(tap);
  const int64_t size = tap.out_sizes.back();
  const int64_t at = tap.at.back(), stride = tap.g.stride.back();
  for (int64_t row = 0; row < num_rows; ++row, dst += size) {
    const int64_t to = ImageRow(tap, row);
    if (to < 0) continue;
    for (int64_t o = run.begin; o < run.end; ++o) {
      src[to + at + o * stride] += dst[o];
    }
  }
}

}  // namespace

void Im2col(const ConvGeometry& geometry, const Tensor& src, Tensor* dst) {
  const int64_t taps = KernelPixels(geometry);
  const int64_t planes = dst->shape().Count(0, 2);
  const int64_t in_pixels = src.shape().Count(2);
  const int64_t out_pixels = dst->shape().Count(2);
  const int64_t num_rows = dst->shape().Count(2, dst->shape().num_axes() - 1);
  const float* x = src.data();
  float* y = dst->DataToOverwrite();
#pragma omp parallel for
  for (int64_t plane = 0; plane < planes; ++plane) {
    const Tap tap = MakeTap(geometry, src.shape(), dst->shape(), plane % taps);
    Gather(tap, x + plane / taps * in_pixels, num_rows, y + plane * out_pixels);
  }
}

void Col2im(const ConvGeometry& geometry, const Tensor& diff_dst,
            Tensor* diff_src) {
  const Shape& in = diff_src->shape();
  const Shape& out = diff_dst.shape();
  const int64_t taps = KernelPixels(geometry);
  const int64_t planes = in.Count(0, 2);
  const int64_t in_pixels = in.Count(2), out_pixels = out.Count(2);
  const int64_t num_rows = out.Count(2, out.num_axes() - 1);
  const float* dy = diff_dst.data();
  float* dx = diff_src->DataToOverwrite();
#pragma omp parallel for
  for (int64_t plane = 0; plane < planes; ++plane) {
    float* to = dx + plane * in_pixels;
    std::fill_n(to, in_pixels, 0.0f);
    for (int64_t k = 0; k < taps; ++k) {
      const Tap tap = MakeTap(geometry, in, out, k);
      Scatter(tap, dy + (plane * taps + k) * out_pixels, num_rows, to);
    }
  }
}

}  // namespace quantd
