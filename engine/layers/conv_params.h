// ConvolutionParameter, read and checked.
#ifndef QUANTD_ENGINE_LAYERS_CONV_PARAMS_H_
#define QUANTD_ENGINE_LAYERS_CONV_PARAMS_H_

#include "absl/status/statusor.h"
#include "engine/kernels/conv_geometry.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The geometry that `param` describes for `channels` input channels and
// `num_spatial_axes` axes after them. kernel_size, stride, pad and dilation are
// given once or once per axis, or by their _h/_w forms for two axes.
// Errors: INVALID_ARGUMENT that names the field: num_output, kernel, stride,
// group or dilation of zero, sizes over 65535, channels that group does not
// divide, both forms at once.
absl::StatusOr<ConvGeometry> ParseConvParams(
    const caffe::ConvolutionParameter& param, int64_t channels,
    int num_spatial_axes);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_CONV_PARAMS_H_
