// Old forms of a net, brought to the form of today: V0 and V1 layers, data
// parameters that became transform_param, `input` fields that became an Input
// layer, training settings of BatchNorm.
// Source of the rules: BVLC Caffe's upgrade of nets.
// Not here: the solver's upgrade, the choice of layers (phase_filter.h).
#ifndef QUANTD_ENGINE_MODEL_UPGRADE_H_
#define QUANTD_ENGINE_MODEL_UPGRADE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Upgrades `net` in place, blobs included (moved, not copied). A net of today
// stays as it is.
// warnings: appended to, one for each V0 field that its layer type does not
//   have (dropped, as Caffe does); may be null.
// Errors: INVALID_ARGUMENT, MODEL_UPGRADE with layer and field: `layer` and
//   `layers` together, V0 and V1 layers together, a V0 type that is not known,
//   a padding layer that does not feed exactly convolution or pooling,
//   input_dim that is not four an input, input_shape that is not one an input.
absl::Status UpgradeNet(caffe::NetParameter* net,
                        std::vector<std::string>* warnings = nullptr);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_UPGRADE_H_
