// Convolution by its definition: the truth that the fast kernels are tested
// against, and the fallback for shapes that they decline.
#ifndef QUANTD_ENGINE_KERNELS_REFERENCE_CONVOLUTION_H_
#define QUANTD_ENGINE_KERNELS_REFERENCE_CONVOLUTION_H_

#include "engine/core/tensor.h"
#include "engine/kernels/conv_geometry.h"

namespace quantd {

// dst = conv(src, weights) + bias, sums in double.
// src (N, cin, spatial...), weights (cout, cin/group, kernel...), bias (cout)
// or null, dst (N, cout, output...), all plain and of fitting shapes.
void ReferenceConvolution(const ConvGeometry& geometry, const Tensor& src,
                          const Tensor& weights, const Tensor* bias,
                          Tensor* dst);

// The gradients of the same: diff_src is overwritten; diff_weights and
// diff_bias (may be null) are added to. Shapes as above, sums in double.
void ReferenceConvolutionBackwardData(const ConvGeometry& geometry,
                                      const Tensor& weights,
                                      const Tensor& diff_dst, Tensor* diff_src);
void ReferenceConvolutionBackwardWeights(const ConvGeometry& geometry,
                                         const Tensor& src,
                                         const Tensor& diff_dst,
                                         Tensor* diff_weights,
                                         Tensor* diff_bias);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_REFERENCE_CONVOLUTION_H_
