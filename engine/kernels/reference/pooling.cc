#include "engine/kernels/reference/pooling.h"

#include <algorithm>
#include <cfloat>

namespace quantd {
namespace {

using Window = PoolGeometry::Window;

struct Maximum {
  float value = -FLT_MAX;
  int64_t index = -1;
};

// Pixels of the padding in the window.
int64_t NumPadded(const Window& rows, const Window& columns) {
  const int64_t inside = std::max<int64_t>(rows.end - rows.begin, 0) *
                         std::max<int64_t>(columns.end - columns.begin, 0);
  return std::max<int64_t>(rows.padded_size, 0) *
             std::max<int64_t>(columns.padded_size, 0) -
         inside;
}

Maximum MaximumOf(const PoolGeometry& geometry, const float* plane,
                  int64_t width, const Window& rows, const Window& columns) {
  Maximum maximum;
  for (int64_t h = rows.begin; h < rows.end; ++h) {
    for (int64_t w = columns.begin; w < columns.end; ++w) {
      const int64_t index = h * width + w;
      if (plane[index] > maximum.value) maximum = {plane[index], index};
    }
  }
  if (geometry.pad_value.has_value() && *geometry.pad_value > maximum.value &&
      NumPadded(rows, columns) > 0) {
    maximum = {*geometry.pad_value, -1};
  }
  return maximum;
}

float AverageOf(const PoolGeometry& geometry, const float* plane, int64_t width,
                const Window& rows, const Window& columns) {
  float sum = 0;
  for (int64_t h = rows.begin; h < rows.end; ++h) {
    for (int64_t w = columns.begin; w < columns.end; ++w) {
      sum += plane[h * width + w];
    }
  }
  if (geometry.pad_value.has_value()) {
    sum += *geometry.pad_value * static_cast<float>(NumPadded(rows, columns));
  }
  return sum / static_cast<float>(rows.padded_size * columns.padded_size);
}

// Adds `value` to each pixel of the window.
void AddToWindow(float value, int64_t width, const Window& rows,
                 const Window& columns, float* plane) {
  for (int64_t h = rows.begin; h < rows.end; ++h) {
    for (int64_t w = columns.begin; w < columns.end; ++w) {
      plane[h * width + w] += value;
    }
  }
}

}  // namespace

void ReferencePooling(const PoolGeometry& geometry, const Tensor& src,
                      Tensor* dst, Tensor* mask) {
  const int64_t planes = src.shape().Count(0, 2);
  const int64_t height = src.shape()[2], width = src.shape()[3];
  const int64_t out_height = dst->shape()[2], out_width = dst->shape()[3];
  const float* x = src.data();
  float* y = dst->data();
  float* indices = mask == nullptr ? nullptr : mask->data();
#pragma omp parallel for
  for (int64_t plane = 0; plane < planes; ++plane) {
    const float* from = x + plane * height * width;
    int64_t to = plane * out_height * out_width;
    for (int64_t oh = 0; oh < out_height; ++oh) {
      const Window rows = geometry.Rows(oh, height);
      for (int64_t ow = 0; ow < out_width; ++ow, ++to) {
        const Window columns = geometry.Columns(ow, width);
        if (geometry.method == PoolGeometry::kAverage) {
          y[to] = AverageOf(geometry, from, width, rows, columns);
          continue;
        }
        const Maximum maximum = MaximumOf(geometry, from, width, rows, columns);
        y[to] = maximum.value;
        if (indices != nullptr) {
          indices[to] = static_cast<float>(maximum.index);
        }
      }
    }
  }
}

void ReferencePoolingBackward(const PoolGeometry& geometry, const Tensor& src,
                              const Tensor& diff_dst, Tensor* diff_src) {
  const int64_t planes = src.shape().Count(0, 2);
  const int64_t height = src.shape()[2], width = src.shape()[3];
  const int64_t out_height = diff_dst.shape()[2];
  const int64_t out_width = diff_dst.shape()[3];
  const float* x = src.data();
  const float* dy = diff_dst.data();
  float* dx = diff_src->DataToOverwrite();
#pragma omp parallel for
  for (int64_t plane = 0; plane < planes; ++plane) {
    const float* from = x + plane * height * width;
    float* to = dx + plane * height * width;
    std::fill_n(to, height * width, 0.0f);
    int64_t i = plane * out_height * out_width;
    for (int64_t oh = 0; oh < out_height; ++oh) {
      const Window rows = geometry.Rows(oh, height);
      for (int64_t ow = 0; ow < out_width; ++ow, ++i) {
        const Window columns = geometry.Columns(ow, width);
        if (geometry.method == PoolGeometry::kAverage) {
          const auto size =
              static_cast<float>(rows.padded_size * columns.padded_size);
          AddToWindow(dy[i] / size, width, rows, columns, to);
          continue;
        }
        const Maximum maximum = MaximumOf(geometry, from, width, rows, columns);
        if (maximum.index >= 0) to[maximum.index] += dy[i];
      }
    }
  }
}

}  // namespace quantd
