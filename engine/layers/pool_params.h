// PoolingParameter, read and checked.
#ifndef QUANTD_ENGINE_LAYERS_POOL_PARAMS_H_
#define QUANTD_ENGINE_LAYERS_POOL_PARAMS_H_

#include "absl/status/statusor.h"
#include "engine/kernels/pool_geometry.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The geometry that `param` describes; with global_pooling the kernel is left
// to the input. Sizes are given once or by their _h and _w forms, padding also
// by pad_up, pad_down, pad_left and pad_right. round_mode beats ceil_mode.
// Errors: INVALID_ARGUMENT that names the field: a kernel or stride of zero,
// sizes over 65535, padding that is not smaller than the kernel, two forms at
// once, global_pooling with sizes of its own, STOCHASTIC with padding, a
// pad_value that is not finite.
absl::StatusOr<PoolGeometry> ParsePoolParams(
    const caffe::PoolingParameter& param);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_POOL_PARAMS_H_
