#include "engine/layers/resize_axes.h"

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"

namespace quantd {
namespace {

// An axis between the product of the axes before it and of those after it.
struct Strip {
  int64_t outer;
  int64_t in_size;
  int64_t inner;
};

Strip StripOf(const Shape& shape, int axis) {
  return {shape.Count(0, axis), shape[axis], shape.Count(axis + 1)};
}

Shape WithAxis(const Shape& shape, const ResizeAxis& axis) {
  std::vector<int64_t> dims = shape.dims();
  dims[axis.axis] = static_cast<int64_t>(axis.taps.size());
  // Between the shapes of x and y, which are legal.
  return *Shape::Create(dims);
}

void ResizeStrip(const Strip& strip, const std::vector<ResizeTap>& taps,
                 const float* x, float* y) {
  const int64_t out_size = static_cast<int64_t>(taps.size());
  const int64_t n = strip.inner;
#pragma omp parallel for
  for (int64_t o = 0; o < strip.outer; ++o) {
    const float* from = x + o * strip.in_size * n;
    float* to = y + o * out_size * n;
    for (const ResizeTap& tap : taps) {
      const float* a = from + tap.lower * n;
      const float* b = from + tap.upper * n;
      const float lerp = tap.lerp;
      if (lerp == 0 || a == b) {
        std::copy_n(a, n, to);
      } else {
        for (int64_t i = 0; i < n; ++i) to[i] = a[i] + (b[i] - a[i]) * lerp;
      }
      to += n;
    }
  }
}

void AddStrip(const Strip& strip, const std::vector<ResizeTap>& taps,
              const float* dy, float* dx) {
  const int64_t out_size = static_cast<int64_t>(taps.size());
  const int64_t n = strip.inner;
#pragma omp parallel for
  for (int64_t o = 0; o < strip.outer; ++o) {
    float* to = dx + o * strip.in_size * n;
    const float* from = dy + o * out_size * n;
    std::fill_n(to, strip.in_size * n, 0.0f);
    for (const ResizeTap& tap : taps) {
      float* a = to + tap.lower * n;
      float* b = to + tap.upper * n;
      for (int64_t i = 0; i < n; ++i) a[i] += from[i] * (1 - tap.lerp);
      for (int64_t i = 0; i < n; ++i) b[i] += from[i] * tap.lerp;
      from += n;
    }
  }
}

}  // namespace

ResizeTap LinearTap(float position, int64_t size) {
  const float floor = std::floor(position);
  const int64_t last = size - 1;
  return {
      std::clamp<int64_t>(static_cast<int64_t>(floor), 0, last),
      std::clamp<int64_t>(static_cast<int64_t>(std::ceil(position)), 0, last),
      position - floor};
}

std::vector<ResizeTap> LinearTaps(ResizeMode mode, int64_t in_size,
                                  int64_t out_size) {
  const bool align = mode == ResizeMode::kAlignCorners && out_size > 1;
  const float scale =
      align ? static_cast<float>(in_size - 1) / static_cast<float>(out_size - 1)
            : static_cast<float>(in_size) / static_cast<float>(out_size);
  const bool is_half =
      mode == ResizeMode::kHalfPixel || mode == ResizeMode::kPytorchHalfPixel;
  std::vector<ResizeTap> taps(out_size);
  for (int64_t i = 0; i < out_size; ++i) {
    float position = static_cast<float>(i) * scale;
    if (is_half) position = (static_cast<float>(i) + 0.5f) * scale - 0.5f;
    if (mode == ResizeMode::kPytorchHalfPixel && out_size == 1) position = 0;
    taps[i] = LinearTap(position, in_size);
  }
  return taps;
}

std::vector<ResizeTap> RepeatTaps(int64_t in_size, int64_t factor) {
  std::vector<ResizeTap> taps(in_size * factor);
  for (size_t i = 0; i < taps.size(); ++i) {
    taps[i].lower = taps[i].upper = static_cast<int64_t>(i) / factor;
  }
  return taps;
}

void OrderAxes(const Shape& x, std::vector<ResizeAxis>* axes) {
  const auto grows_less = [&x](const ResizeAxis& a, const ResizeAxis& b) {
    return static_cast<double>(a.taps.size()) * x[b.axis] <
           static_cast<double>(b.taps.size()) * x[a.axis];
  };
  std::stable_sort(axes->begin(), axes->end(), grows_less);
}

absl::Status Resize(const Tensor& x, const std::vector<ResizeAxis>& axes,
                    Tensor* y) {
  Tensor from = x;
  for (size_t i = 0; i < axes.size(); ++i) {
    Tensor to;
    if (i + 1 == axes.size()) {
      to = *y;
    } else {
      RETURN_IF_ERROR(to.Resize(WithAxis(from.shape(), axes[i])));
    }
    const Tensor& source = from;
    ResizeStrip(StripOf(from.shape(), axes[i].axis), axes[i].taps,
                source.data(), to.DataToOverwrite());
    from = to;
  }
  return absl::OkStatus();
}

absl::Status ResizeBackward(const Tensor& dy,
                            const std::vector<ResizeAxis>& axes, Tensor* dx) {
  // The shapes between the passes, from dx's on.
  std::vector<Shape> shapes = {dx->shape()};
  for (const ResizeAxis& axis : axes) {
    shapes.push_back(WithAxis(shapes.back(), axis));
  }
  Tensor from = dy;
  for (size_t i = axes.size(); i-- > 0;) {
    Tensor to;
    if (i == 0) {
      to = *dx;
    } else {
      RETURN_IF_ERROR(to.Resize(shapes[i]));
    }
    const Tensor& source = from;
    AddStrip(StripOf(shapes[i], axes[i].axis), axes[i].taps, source.data(),
             to.DataToOverwrite());
    from = to;
  }
  return absl::OkStatus();
}

}  // namespace quantd
