// Declares the factory of every layer type of layers.inc. Included by each
// layer's .cc, so that a factory of another signature does not compile.
#ifndef QUANTD_ENGINE_LAYERS_FACTORIES_H_
#define QUANTD_ENGINE_LAYERS_FACTORIES_H_

#include <memory>

#include "engine/core/layer.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

#define QUANTD_LAYER(type, factory)                                  \
  std::unique_ptr<Layer> factory(const caffe::LayerParameter& param, \
                                 caffe::Phase phase);
#include "engine/layers/layers.inc"
#undef QUANTD_LAYER

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_FACTORIES_H_
