// Max pooling for training over channels-last images, whose number of channels
// fills no block of oneDNN's: that library computes them one by one.
#ifndef QUANTD_ENGINE_KERNELS_CPU_MAX_POOLING_NHWC_H_
#define QUANTD_ENGINE_KERNELS_CPU_MAX_POOLING_NHWC_H_

#include <cstdint>

#include "engine/kernels/pool_geometry.h"

namespace quantd {

// Sizes of src; dst has g.OutputHeight(height) x g.OutputWidth(width) pixels.
struct NhwcImages {
  int64_t num;
  int64_t height;
  int64_t width;
  int64_t channels;
};

// Maxima, with no value in the padding.
bool MaxPoolingNhwcSupports(const PoolGeometry& g);

// As ReferencePooling(). `where` gets for each element of dst the place
// h * kernel.w + w of the first maximum in its window, or -1 if no value of
// the window is above -FLT_MAX.
void MaxPoolingNhwc(const PoolGeometry& g, const NhwcImages& images,
                    const float* src, float* dst, int32_t* where);

// The gradient, from `where`: overwrites diff_src.
void MaxPoolingNhwcBackward(const PoolGeometry& g, const NhwcImages& images,
                            const float* diff_dst, const int32_t* where,
                            float* diff_src);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_MAX_POOLING_NHWC_H_
