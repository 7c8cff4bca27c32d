// Unpooling by the mask of a max pooling: what Unpooling and Upsample share.
#ifndef QUANTD_ENGINE_LAYERS_MASK_SCATTER_H_
#define QUANTD_ENGINE_LAYERS_MASK_SCATTER_H_

#include "absl/status/status.h"
#include "engine/core/tensor.h"

namespace quantd {

// y is zero but for y[mask[i]] = x[i] in each plane of (N, C, H, W); of equal
// indices the last one wins. `mask` has x's shape.
// Errors: INVALID_ARGUMENT, LAYER_INPUT_INVALID for indices outside y's planes.
absl::Status ScatterByMask(const Tensor& x, const Tensor& mask, Tensor* y);

// Caffe's gradient of ScatterByMask(): dx[i] = dy[mask[i]].
void GatherByMask(const Tensor& dy, const Tensor& mask, Tensor* dx);

// Errors: INVALID_ARGUMENT, LAYER_SHAPE_INVALID unless `x` has 4 axes and
// `mask` the same shape.
absl::Status CheckMask(const Shape& x, const Shape& mask);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_MASK_SCATTER_H_
