// Shapes of the layers that slide a window over the axes after the channels:
// Convolution, Deconvolution, Im2col.
#ifndef QUANTD_ENGINE_LAYERS_CONV_SHAPES_H_
#define QUANTD_ENGINE_LAYERS_CONV_SHAPES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/core/shape.h"
#include "engine/kernels/conv_geometry.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// One top for each of the bottoms, at least one. Errors: as CheckArity().
absl::Status CheckTopPerBottom(absl::Span<const Shape> bottoms, int num_tops);

// The axis of the channels: convolution_param.axis. Errors: INVALID_ARGUMENT
// if `bottom` does not have it, or has no spatial axis after it.
absl::StatusOr<int> ConvChannelAxis(const caffe::ConvolutionParameter& param,
                                    const Shape& bottom);

// Of the weight blob of the convolution `geometry`: (channels_out, channels_in
// / group, kernel...).
std::vector<int64_t> ConvBlobDims(const ConvGeometry& geometry);

// Errors: INVALID_ARGUMENT unless all have one shape.
absl::Status CheckEqualShapes(absl::Span<const Shape> bottoms);

// The shape of the windows over `bottom`, whose channels, `channels_in` of
// them, are axis `axis`: the axes before as they are, `channels_out`, then
// ConvGeometry::OutputSize().
// Errors: INVALID_ARGUMENT for a bottom with other channels or axes, or
// smaller than the kernel.
absl::StatusOr<Shape> ConvTopShape(const ConvGeometry& geometry,
                                   const Shape& bottom, int axis,
                                   int64_t channels_in, int64_t channels_out);

// The opposite: the smallest shape whose windows have the shape `bottom`, by
// ConvGeometry::InputSize(). Errors: as ConvTopShape(), for what is empty
// after `pad` was cut off.
absl::StatusOr<Shape> DeconvTopShape(const ConvGeometry& geometry,
                                     const Shape& bottom, int axis,
                                     int64_t channels_in, int64_t channels_out);

// `shape` with all axes before `axis` as one.
Shape MergeBatchAxes(const Shape& shape, int axis);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_CONV_SHAPES_H_
