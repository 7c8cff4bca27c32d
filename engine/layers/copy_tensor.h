// Copying a blob to one that may be the same.
#ifndef QUANTD_ENGINE_LAYERS_COPY_TENSOR_H_
#define QUANTD_ENGINE_LAYERS_COPY_TENSOR_H_

#include "engine/core/tensor.h"

namespace quantd {

// `to` has as many elements as `from`. Nothing happens if they are the same
// tensor, as where a layer works in place.
void CopyTensor(const Tensor& from, Tensor* to);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_COPY_TENSOR_H_
