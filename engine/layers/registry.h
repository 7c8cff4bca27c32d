// Makes layers by their Caffe type. The list of types is layers.inc.
#ifndef QUANTD_ENGINE_LAYERS_REGISTRY_H_
#define QUANTD_ENGINE_LAYERS_REGISTRY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/core/layer.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// A layer of `param.type()`, before SetUp(). A LayerFactory
// (engine/core/net.h). Errors: UNIMPLEMENTED, NETWORK_UNSUPPORTED for a type
// that is not known.
absl::StatusOr<std::unique_ptr<Layer>> MakeLayer(
    const caffe::LayerParameter& param, caffe::Phase phase);

// All known types, sorted.
std::vector<std::string> LayerTypes();

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_REGISTRY_H_
