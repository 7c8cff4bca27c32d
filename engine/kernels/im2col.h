// The windows of a convolution, unrolled into channels, and the opposite.
#ifndef QUANTD_ENGINE_KERNELS_IM2COL_H_
#define QUANTD_ENGINE_KERNELS_IM2COL_H_

#include "engine/core/tensor.h"
#include "engine/kernels/conv_geometry.h"

namespace quantd {

// dst[n, c * K + k, o...] = src[n, c, o * stride - pad + k * dilation ...], or
// 0 in the padding: src (N, C, spatial...), dst (N, C * K, output...), where K
// is the number of the kernel's pixels. Only the window of `geometry` counts,
// not its channels; it has at least one axis. Both plain and of fitting shapes.
void Im2col(const ConvGeometry& geometry, const Tensor& src, Tensor* dst);

// The gradient of the same: overwrites `diff_src` with the sums of what is in
// `diff_dst` for each pixel.
void Col2im(const ConvGeometry& geometry, const Tensor& diff_dst,
            Tensor* diff_src);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_IM2COL_H_
