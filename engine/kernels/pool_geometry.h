// Sizes of a 2-D pooling, by Caffe's rules.
#ifndef QUANTD_ENGINE_KERNELS_POOL_GEOMETRY_H_
#define QUANTD_ENGINE_KERNELS_POOL_GEOMETRY_H_

#include <algorithm>
#include <cstdint>
#include <optional>

namespace quantd {

struct PoolGeometry {
  enum Method { kMax, kAverage, kStochastic };
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
  Pair pad{0, 0};  // Before the image; smaller than the kernel.
  // Behind the image; as `pad` where it is not given.
  std::optional<Pair> pad_end;
  // What is in the padding. Not given: kMax leaves the padding out, kAverage
  // takes it for 0.
  std::optional<float> pad_value;
  bool round_up = true;

  Pair PadEnd() const { return pad_end.value_or(pad); }
  bool IsPadded() const {
    const Pair end = PadEnd();
    return pad.h > 0 || pad.w > 0 || end.h > 0 || end.w > 0;
  }

  // 0 or less if the kernel does not fit the padded input.
  int64_t OutputHeight(int64_t input) const {
    return OutputSize(input, kernel.h, stride.h, pad.h, PadEnd().h);
  }
  int64_t OutputWidth(int64_t input) const {
    return OutputSize(input, kernel.w, stride.w, pad.w, PadEnd().w);
  }

  Window Rows(int64_t output, int64_t input) const {
    return MakeWindow(output * stride.h - pad.h, kernel.h, PadEnd().h, input);
  }
  Window Columns(int64_t output, int64_t input) const {
    return MakeWindow(output * stride.w - pad.w, kernel.w, PadEnd().w, input);
  }

 private:
  int64_t OutputSize(int64_t input, int64_t k, int64_t s, int64_t before,
                     int64_t after) const {
    const int64_t room = input + before + after - k;
    if (input < 1 || room < 0) return 0;
    int64_t size = (room + (round_up ? s - 1 : 0)) / s + 1;
    // The last window must begin inside the image or the padding before it.
    if (IsPadded() && (size - 1) * s >= input + before) --size;
    return size;
  }

  static Window MakeWindow(int64_t begin, int64_t k, int64_t after,
                           int64_t input) {
    const int64_t padded_end = std::min(begin + k, input + after);
    return {std::max<int64_t>(begin, 0), std::min(padded_end, input),
            padded_end - begin};
  }
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_POOL_GEOMETRY_H_
