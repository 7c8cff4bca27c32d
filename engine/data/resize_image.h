// Scales images as OpenCV's cv::resize() does by default.
#ifndef QUANTD_ENGINE_DATA_RESIZE_IMAGE_H_
#define QUANTD_ENGINE_DATA_RESIZE_IMAGE_H_

#include <cstdint>

#include "engine/data/image.h"

namespace quantd {

// Scales `image`, which holds bytes, to `height` rows of `width` pixels, both
// at least 1: bilinear with pixel centres at half, rounded exactly as OpenCV's
// INTER_LINEAR on 8-bit images without vendor libraries: weights of 11 bits,
//   row    = a0 * pixel[x] + a1 * pixel[x + 1]
//   result = (((b0 * (row0 >> 4)) >> 16) + ((b1 * (row1 >> 4)) >> 16) + 2) >> 2
// and where both sides are halved the mean of 2x2 pixels, (sum + 2) >> 2.
void ResizeBilinear(int64_t height, int64_t width, Image* image);

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_RESIZE_IMAGE_H_
