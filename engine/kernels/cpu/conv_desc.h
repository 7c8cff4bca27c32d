// What the descriptions of a convolution's passes to oneDNN have in common.
// All functions may throw dnnl::error: call them inside CatchDnnl().
#ifndef QUANTD_ENGINE_KERNELS_CPU_CONV_DESC_H_
#define QUANTD_ENGINE_KERNELS_CPU_CONV_DESC_H_

#include "engine/kernels/conv_geometry.h"
#include "oneapi/dnnl/dnnl.hpp"

namespace quantd {

// float32 in whatever layout the kernel likes.
dnnl::memory::desc AnyDesc(const dnnl::memory::dims& dims);

// (cout, cin/g, k...), or (g, cout/g, cin/g, k...) where there are groups: the
// same elements in the same order.
dnnl::memory::dims ConvWeightDims(const ConvGeometry& geometry);

// Dilations as oneDNN counts them: the holes.
dnnl::memory::dims ConvDilates(const ConvGeometry& geometry);

// Padding at the end that makes `src` dims give `dst` dims: what the division
// of the output size leaves over is cropped.
dnnl::memory::dims ConvPadEnd(const ConvGeometry& geometry,
                              const dnnl::memory::dims& src,
                              const dnnl::memory::dims& dst);

// The forward pass for tensors of these shapes, by `algorithm`, followed by the
// operations of `attr`.
dnnl::convolution_forward::primitive_desc ConvForwardDesc(
    const ConvGeometry& geometry, dnnl::prop_kind kind,
    const dnnl::memory::dims& src, const dnnl::memory::dims& dst, bool has_bias,
    dnnl::algorithm algorithm = dnnl::algorithm::convolution_direct,
    const dnnl::primitive_attr& attr = {});

// The transposed pass: the input gradient of the convolution `geometry` plus a
// bias, for a `src` of its outputs' shape and a `dst` of its inputs' shape. Its
// weights have DeconvWeightDesc()'s dimensions.
dnnl::deconvolution_forward::primitive_desc DeconvForwardDesc(
    const ConvGeometry& geometry, const dnnl::memory::dims& src,
    const dnnl::memory::dims& dst, bool has_bias);

// Plain weights of the convolution `geometry`, seen as oneDNN sees those of a
// deconvolution: with the two channel axes exchanged.
dnnl::memory::desc DeconvWeightDesc(const ConvGeometry& geometry);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_CONV_DESC_H_
