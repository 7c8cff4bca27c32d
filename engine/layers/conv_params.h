// ConvolutionParameter, read and checked.
#ifndef QUANTD_ENGINE_LAYERS_CONV_PARAMS_H_
#define QUANTD_ENGINE_LAYERS_CONV_PARAMS_H_

#include "absl/status/statusor.h"
#include "engine/kernels/conv_geometry.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Kernel, stride, pad and dilation that `param` describes for
// `num_spatial_axes`; channels stay unset. Each is given once or once per axis,
// or by its _h/_w forms for two axes.
// Errors: INVALID_ARGUMENT that names the field: kernel, stride or dilation of
// zero, sizes over 65535, both forms at once.
absl::StatusOr<ConvGeometry> ParseConvWindow(
    const caffe::ConvolutionParameter& param, int num_spatial_axes);

// The same with num_output and group, for `channels` input channels.
// Errors: also num_output or group of zero, channels that group does not
// divide.
absl::StatusOr<ConvGeometry> ParseConvParams(
    const caffe::ConvolutionParameter& param, int64_t channels,
    int num_spatial_axes);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_CONV_PARAMS_H_
