#include "engine/kernels/reference/stochastic_pooling.h"

#include <algorithm>
#include <cfloat>

namespace quantd {
namespace {

using Window = PoolGeometry::Window;

// Calls visit(output, plane, rows, columns) for every window: the flat index of
// the output, that of the image's plane's first pixel, and the window in it.
template <typename Visit>
void ForEachWindow(const PoolGeometry& geometry, const Shape& src,
                   const Shape& dst, const Visit& visit) {
  int64_t output = 0;
  for (int64_t plane = 0; plane < src.Count(0, 2); ++plane) {
    for (int64_t oh = 0; oh < dst[2]; ++oh) {
      const Window rows = geometry.Rows(oh, src[2]);
      for (int64_t ow = 0; ow < dst[3]; ++ow, ++output) {
        visit(output, plane * src[2] * src[3], rows,
              geometry.Columns(ow, src[3]));
      }
    }
  }
}

// Calls visit(pixel) for the flat indices of the window, row by row, until it
// returns false.
template <typename Visit>
void ForEachPixel(int64_t plane, int64_t width, const Window& rows,
                  const Window& columns, const Visit& visit) {
  for (int64_t h = rows.begin; h < rows.end; ++h) {
    for (int64_t w = columns.begin; w < columns.end; ++w) {
      if (!visit(plane + h * width + w)) return;
    }
  }
}

struct Sums {
  double values = FLT_MIN;  // Not 0: the divisor.
  double squares = 0;
};

Sums SumsOf(const float* x, int64_t plane, int64_t width, const Window& rows,
            const Window& columns) {
  Sums sums;
  ForEachPixel(plane, width, rows, columns, [&](int64_t i) {
    sums.values += x[i];
    sums.squares += static_cast<double>(x[i]) * x[i];
    return true;
  });
  return sums;
}

}  // namespace

void StochasticPooling(const PoolGeometry& geometry, const Tensor& src,
                       const std::vector<float>& uniform, Tensor* dst,
                       std::vector<int64_t>* picks) {
  const float* x = src.data();
  float* y = dst->data();
  const int64_t width = src.shape()[3];
  picks->assign(dst->num_elements(), -1);
  ForEachWindow(geometry, src.shape(), dst->shape(),
                [&](int64_t output, int64_t plane, const Window& rows,
                    const Window& columns) {
                  double sum = 0;
                  ForEachPixel(plane, width, rows, columns, [&](int64_t i) {
                    sum += x[i];
                    return true;
                  });
                  const double threshold = uniform[output] * sum;
                  double so_far = 0;
                  y[output] = 0;
                  ForEachPixel(plane, width, rows, columns, [&](int64_t i) {
                    so_far += x[i];
                    if (!(so_far >= threshold)) return true;
                    y[output] = x[i];
                    (*picks)[output] = i;
                    return false;
                  });
                });
}

void StochasticPoolingBackward(const std::vector<int64_t>& picks,
                               const Tensor& diff_dst, Tensor* diff_src) {
  const float* dy = diff_dst.data();
  float* dx = diff_src->DataToOverwrite();
  std::fill_n(dx, diff_src->num_elements(), 0.0f);
  for (size_t i = 0; i < picks.size(); ++i) {
    if (picks[i] >= 0) dx[picks[i]] += dy[i];
  }
}

void ExpectedPooling(const PoolGeometry& geometry, const Tensor& src,
                     Tensor* dst) {
  const float* x = src.data();
  float* y = dst->data();
  ForEachWindow(geometry, src.shape(), dst->shape(),
                [&](int64_t output, int64_t plane, const Window& rows,
                    const Window& columns) {
                  const Sums sums =
                      SumsOf(x, plane, src.shape()[3], rows, columns);
                  y[output] = static_cast<float>(sums.squares / sums.values);
                });
}

// d(squares / values) / d(x) = (2 x - squares / values) / values.
void ExpectedPoolingBackward(const PoolGeometry& geometry, const Tensor& src,
                             const Tensor& diff_dst, Tensor* diff_src) {
  const float* x = src.data();
  const float* dy = diff_dst.data();
  float* dx = diff_src->DataToOverwrite();
  std::fill_n(dx, diff_src->num_elements(), 0.0f);
  const int64_t width = src.shape()[3];
  ForEachWindow(geometry, src.shape(), diff_dst.shape(),
                [&](int64_t output, int64_t plane, const Window& rows,
                    const Window& columns) {
                  const Sums sums = SumsOf(x, plane, width, rows, columns);
                  const double y = sums.squares / sums.values;
                  ForEachPixel(plane, width, rows, columns, [&](int64_t i) {
                    dx[i] += static_cast<float>(dy[output] * (2.0 * x[i] - y) /
                                                sums.values);
                    return true;
                  });
                });
}

}  // namespace quantd
