#include "engine/kernels/cpu/max_pooling_nhwc.h"

#include <algorithm>
#include <cfloat>

// Each loop over channels is written once, for the compiler to vectorize, and
// instantiated for what the processor has.
#define QUANTD_INLINE inline __attribute__((always_inline))

namespace quantd {
namespace {

constexpr int32_t kNowhere = -1;

// One pixel of dst, its window and what becomes of it.
struct Pixel {
  PoolGeometry::Window rows;
  PoolGeometry::Window columns;
  int64_t first_row;  // Of the whole window, padding included.
  int64_t first_column;
};

Pixel PixelAt(const PoolGeometry& g, const NhwcImages& images, int64_t h,
              int64_t w) {
  return {g.Rows(h, images.height), g.Columns(w, images.width),
          h * g.stride.h - g.pad.h, w * g.stride.w - g.pad.w};
}

// Calls visit(offset of the pixel in the image, place in the window) for the
// image's pixels of a window, in the order in which maxima are sought.
template <typename Visit>
QUANTD_INLINE void VisitWindow(const PoolGeometry& g, const NhwcImages& images,
                               const Pixel& pixel, const Visit& visit) {
  for (int64_t h = pixel.rows.begin; h < pixel.rows.end; ++h) {
    for (int64_t w = pixel.columns.begin; w < pixel.columns.end; ++w) {
      visit((h * images.width + w) * images.channels,
            static_cast<int>((h - pixel.first_row) * g.kernel.w + w -
                             pixel.first_column));
    }
  }
}

// Channels that are computed together. The last of them that fill no block are
// computed with some of those before, again, where that does no harm.
constexpr int kBlock = 8;

// Calls visit(first channel) for blocks that cover all channels, of which there
// are at least kBlock.
template <typename Visit>
QUANTD_INLINE void VisitBlocks(int64_t channels, const Visit& visit) {
  for (int64_t c = 0; c + kBlock <= channels; c += kBlock) visit(c);
  if (channels % kBlock != 0) visit(channels - kBlock);
}

// kBlock floats or places: GCC's vectors, which it makes of the registers there
// are.
using Floats = float __attribute__((vector_size(32), aligned(4), may_alias));
using Places = int32_t __attribute__((vector_size(32), aligned(4), may_alias));

QUANTD_INLINE Floats* AsFloats(float* values) {
  return reinterpret_cast<Floats*>(values);
}
QUANTD_INLINE const Floats* AsFloats(const float* values) {
  return reinterpret_cast<const Floats*>(values);
}
QUANTD_INLINE Places* AsPlaces(int32_t* values) {
  return reinterpret_cast<Places*>(values);
}
QUANTD_INLINE const Places* AsPlaces(const int32_t* values) {
  return reinterpret_cast<const Places*>(values);
}

// kBlock channels of one pixel of dst; the pointers are to the first of them.
QUANTD_INLINE void FindMaxima(const PoolGeometry& g, const NhwcImages& images,
                              const Pixel& pixel, const float* src, float* dst,
                              int32_t* where) {
  Floats best = Floats{} - FLT_MAX;
  Places place = Places{} + kNowhere;
  VisitWindow(g, images, pixel, [&](int64_t offset, int at) {
    const Floats x = *AsFloats(src + offset);
    const Places above = x > best;
    best = above ? x : best;
    place = above ? Places{} + at : place;
  });
  *AsFloats(dst) = best;
  *AsPlaces(where) = place;
}

// The same of one channel.
QUANTD_INLINE void FindMaximum(const PoolGeometry& g, const NhwcImages& images,
                               const Pixel& pixel, const float* src, float* dst,
                               int32_t* where) {
  *dst = -FLT_MAX;
  *where = kNowhere;
  VisitWindow(g, images, pixel, [&](int64_t offset, int at) {
    if (!(src[offset] > *dst)) return;
    *dst = src[offset];
    *where = at;
  });
}

// One row of dst.
QUANTD_INLINE void ForwardRowLoop(const PoolGeometry& g,
                                  const NhwcImages& images, int64_t h,
                                  const float* src, float* dst,
                                  int32_t* where) {
  const int64_t channels = images.channels;
  const int64_t width = g.OutputWidth(images.width);
  for (int64_t w = 0; w < width; ++w) {
    const Pixel pixel = PixelAt(g, images, h, w);
    float* const y = dst + w * channels;
    int32_t* const place = where + w * channels;
    if (channels >= kBlock) {
      VisitBlocks(channels, [&](int64_t c) {
        FindMaxima(g, images, pixel, src + c, y + c, place + c);
      });
      continue;
    }
    for (int64_t c = 0; c < channels; ++c) {
      FindMaximum(g, images, pixel, src + c, y + c, place + c);
    }
  }
}

// What row `h` of dst gives to diff_src: its only share if windows are apart,
// else added to it.
QUANTD_INLINE void BackwardRowLoop(const PoolGeometry& g,
                                   const NhwcImages& images, int64_t h,
                                   bool windows_apart, const float* diff_dst,
                                   const int32_t* where, float* diff_src) {
  const int64_t channels = images.channels;
  const int64_t width = g.OutputWidth(images.width);
  for (int64_t w = 0; w < width; ++w) {
    const float* const dy = diff_dst + w * channels;
    const int32_t* const place = where + w * channels;
    VisitWindow(g, images, PixelAt(g, images, h, w),
                [&](int64_t offset, int at) {
                  float* const dx = diff_src + offset;
                  if (windows_apart && channels >= kBlock) {
                    VisitBlocks(channels, [&](int64_t c) {
                      const Places here = *AsPlaces(place + c) == at;
                      *AsFloats(dx + c) = here ? *AsFloats(dy + c) : Floats{};
                    });
                    return;
                  }
                  for (int64_t c = 0; c < channels; ++c) {
                    dx[c] += place[c] == at ? dy[c] : 0.0f;
                  }
                });
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void ForwardRowAvx2(const PoolGeometry& g,
                                                    const NhwcImages& images,
                                                    int64_t h, const float* src,
                                                    float* dst,
                                                    int32_t* where) {
  ForwardRowLoop(g, images, h, src, dst, where);
}

__attribute__((target("avx2"))) void BackwardRowAvx2(
    const PoolGeometry& g, const NhwcImages& images, int64_t h,
    bool windows_apart, const float* diff_dst, const int32_t* where,
    float* diff_src) {
  BackwardRowLoop(g, images, h, windows_apart, diff_dst, where, diff_src);
}
#endif

void ForwardRow(const PoolGeometry& g, const NhwcImages& images, int64_t h,
                const float* src, float* dst, int32_t* where) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    return ForwardRowAvx2(g, images, h, src, dst, where);
  }
#endif
  ForwardRowLoop(g, images, h, src, dst, where);
}

void BackwardRow(const PoolGeometry& g, const NhwcImages& images, int64_t h,
                 bool windows_apart, const float* diff_dst,
                 const int32_t* where, float* diff_src) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    return BackwardRowAvx2(g, images, h, windows_apart, diff_dst, where,
                           diff_src);
  }
#endif
  BackwardRowLoop(g, images, h, windows_apart, diff_dst, where, diff_src);
}

// True if every pixel along an axis is in a window.
bool CoversAll(int64_t kernel, int64_t stride, int64_t windows, int64_t size) {
  return kernel == stride && windows * stride >= size;
}

}  // namespace

bool MaxPoolingNhwcSupports(const PoolGeometry& g) {
  return g.method == PoolGeometry::kMax && !g.pad_value.has_value();
}

void MaxPoolingNhwc(const PoolGeometry& g, const NhwcImages& images,
                    const float* src, float* dst, int32_t* where) {
  const int64_t height = g.OutputHeight(images.height);
  const int64_t src_size = images.height * images.width * images.channels;
  const int64_t row_size = g.OutputWidth(images.width) * images.channels;
#pragma omp parallel for collapse(2)
  for (int64_t n = 0; n < images.num; ++n) {
    for (int64_t h = 0; h < height; ++h) {
      const int64_t row = (n * height + h) * row_size;
      ForwardRow(g, images, h, src + n * src_size, dst + row, where + row);
    }
  }
}

void MaxPoolingNhwcBackward(const PoolGeometry& g, const NhwcImages& images,
                            const float* diff_dst, const int32_t* where,
                            float* diff_src) {
  const int64_t height = g.OutputHeight(images.height);
  const int64_t src_size = images.height * images.width * images.channels;
  const int64_t row_size = g.OutputWidth(images.width) * images.channels;
  const bool windows_apart =
      g.stride.h >= g.kernel.h && g.stride.w >= g.kernel.w;
  const bool tiled = windows_apart && images.channels >= kBlock &&
                     CoversAll(g.kernel.h, g.stride.h, height, images.height) &&
                     CoversAll(g.kernel.w, g.stride.w,
                               g.OutputWidth(images.width), images.width);
#pragma omp parallel for
  for (int64_t n = 0; n < images.num; ++n) {
    if (!tiled) std::fill_n(diff_src + n * src_size, src_size, 0.0f);
    for (int64_t h = 0; h < height; ++h) {
      const int64_t row = (n * height + h) * row_size;
      BackwardRow(g, images, h, windows_apart, diff_dst + row, where + row,
                  diff_src + n * src_size);
    }
  }
}

}  // namespace quantd
