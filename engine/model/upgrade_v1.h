// The V1 layer form (`layers { type: CONVOLUTION ... }`) to today's `layer`.
#ifndef QUANTD_ENGINE_MODEL_UPGRADE_V1_H_
#define QUANTD_ENGINE_MODEL_UPGRADE_V1_H_

#include <string>

#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Today's name of a V1 type; empty for NONE.
std::string LayerTypeName(caffe::V1LayerParameter::LayerType type);

// Moves scale, mean_file, crop_size and mirror of DATA, IMAGE_DATA and
// WINDOW_DATA layers to their transform_param.
void MoveDataTransformation(caffe::V1LayerParameter* layer);

// Replaces `layers`, none of them V0, of `net` by `layer`. Blobs are moved.
void UpgradeV1Net(caffe::NetParameter* net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_UPGRADE_V1_H_
