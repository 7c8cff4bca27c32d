// Sizes of a 2-D pooling, by Caffe's rules.
#ifndef QUANTD_ENGINE_KERNELS_POOL_GEOMETRY_H_
#define QUANTD_ENGINE_KERNELS_POOL_GEOMETRY_H_

#include <algorithm>
#include <cstdint>

namespace quantd {

struct PoolGeometry {
  enum Method { kMax, kAverage };
  struct Pair {
    int64_t h = 1;
    int64_t w = 1;
  };

  // Window of one output along one axis. [begin, end) lies in the image;
  // padded_size is the extent that kAverage divides by: padding counts, what
  // hangs over the end of the padding does not.
  struct Window {
    int64_t begin;
    int64_t end;
    int64_t padded_size;
  };

  Method method = kMax;
  Pair kernel;
  Pair stride;
  Pair pad{0, 0};  // On both sides; smaller than the kernel.
  bool round_up = true;

  // 0 or less if the kernel does not fit the padded input.
  int64_t OutputHeight(int64_t input) const {
    return OutputSize(input, kernel.h, stride.h, pad.h);
  }
  int64_t OutputWidth(int64_t input) const {
    return OutputSize(input, kernel.w, stride.w, pad.w);
  }

  Window Rows(int64_t output, int64_t input) const {
    return MakeWindow(output * stride.h - pad.h, kernel.h, pad.h, input);
  }
  Window Columns(int64_t output, int64_t input) const {
    return MakeWindow(output * stride.w - pad.w, kernel.w, pad.w, input);
  }

 private:
  int64_t OutputSize(int64_t input, int64_t k, int64_t s, int64_t p) const {
    const int64_t room = input + 2 * p - k;
    if (input < 1 || room < 0) return 0;
    int64_t size = (room + (round_up ? s - 1 : 0)) / s + 1;
    // The last window must begin inside the image or the padding before it.
    if ((pad.h > 0 || pad.w > 0) && (size - 1) * s >= input + p) --size;
    return size;
  }

  static Window MakeWindow(int64_t begin, int64_t k, int64_t p, int64_t input) {
    const int64_t padded_end = std::min(begin + k, input + p);
    return {std::max<int64_t>(begin, 0), std::min(padded_end, input),
            padded_end - begin};
  }
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_POOL_GEOMETRY_H_
