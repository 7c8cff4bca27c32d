// Weights into nets, between nets, and out of nets, by the names of layers.
// Source: BVLC Caffe, Net::CopyTrainedLayersFrom, ShareTrainedLayersWith,
// ToProto (src/caffe/net.cpp).
#ifndef QUANTD_ENGINE_TRAIN_TRAINED_LAYERS_H_
#define QUANTD_ENGINE_TRAIN_TRAINED_LAYERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/core/net.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Copies the blobs of `source` (upgraded) into the layers of `net` that have
// the same names. `ignored`, if not null, gets the names of the layers with
// blobs that `net` does not have.
// Errors: FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH with layer, blob and both
//   counts or shapes.
absl::Status CopyTrainedLayers(const caffe::NetParameter& source, Net* net,
                               std::vector<std::string>* ignored = nullptr);

// Makes the blobs of `net` those of the layers of `owner` with the same names:
// one memory. After a change of values call net->ParamsChanged().
// Errors: FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH.
absl::Status ShareTrainedLayers(Net* owner, Net* net);

// The net with its blobs, as Caffe saves it: every layer with its parameters
// and phase. `with_diffs`: gradients too (snapshot_diff).
caffe::NetParameter TrainedNet(const Net& net, bool with_diffs);

}  // namespace quantd

#endif  // QUANTD_ENGINE_TRAIN_TRAINED_LAYERS_H_
