// Pooling by its definition: kMax and kAverage.
// Not here: kStochastic (engine/kernels/reference/stochastic_pooling.h).
#ifndef QUANTD_ENGINE_KERNELS_REFERENCE_POOLING_H_
#define QUANTD_ENGINE_KERNELS_REFERENCE_POOLING_H_

#include "engine/core/tensor.h"
#include "engine/kernels/pool_geometry.h"

namespace quantd {

// Pools `src` (N, C, H, W) into `dst`, plain and of fitting shape.
// mask: null, or (kMax only) gets the index h * W + w of the first maximum. A
// maximum starts at -FLT_MAX, so that a window of NaN keeps that and index -1.
// A pad_value that is larger than all of the window's pixels has index -1.
// A window outside the image (stride over kernel, rounded up) gives what Caffe
// gives: -FLT_MAX, or 0 divided by its clipped area.
void ReferencePooling(const PoolGeometry& geometry, const Tensor& src,
                      Tensor* dst, Tensor* mask);

// The gradient: overwrites `diff_src`. kMax gives all to the first maximum of
// `src` (and nothing where a window has none), kAverage equal parts to the
// image's share of the window.
void ReferencePoolingBackward(const PoolGeometry& geometry, const Tensor& src,
                              const Tensor& diff_dst, Tensor* diff_src);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_REFERENCE_POOLING_H_
