// Stops a net before layers that turn a detection net's maps into boxes and
// whose meaning is not public: written models keep them, the engine does
// without.
#ifndef QUANTD_ENGINE_GRAPH_DROP_TAIL_H_
#define QUANTD_ENGINE_GRAPH_DROP_TAIL_H_

#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `net` (upgraded, filtered by phase) without its layers of types
// FSRDetectionOutput, FreespaceExtract, Postprocess, Region, Yolo,
// YoloV2DetectionOutput, YoloV3DetectionOutput and YoloV3DetectionOutputV2.
// What they read are then outputs of the net, unless others read it too.
// Errors: UNIMPLEMENTED, NETWORK_UNSUPPORTED with layer and type if a layer of
// another type reads what such a layer writes.
absl::StatusOr<caffe::NetParameter> DropTail(caffe::NetParameter net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_DROP_TAIL_H_
