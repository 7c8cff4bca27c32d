// A Quant layer for nets that compute with whole numbers (engine/simulator). No
// prototxt can ask for it: it is not in layers.inc.
#ifndef QUANTD_ENGINE_LAYERS_WHOLE_QUANT_H_
#define QUANTD_ENGINE_LAYERS_WHOLE_QUANT_H_

#include <memory>

#include "engine/core/layer.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `param` is that of a Quant layer. The top is the whole numbers alone, round(x
// / step) within the range, without the step: q - offset. In quant.cc.
std::unique_ptr<Layer> MakeWholeQuantLayer(const caffe::LayerParameter& param,
                                           caffe::Phase phase);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_WHOLE_QUANT_H_
