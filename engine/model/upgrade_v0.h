// The oldest layer form, V0 (`layers { layer { type: "conv" ... } }`), to V1.
#ifndef QUANTD_ENGINE_MODEL_UPGRADE_V0_H_
#define QUANTD_ENGINE_MODEL_UPGRADE_V0_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Rewrites `net`, all of whose `layers` are V0, with V1 layers: padding layers
// merged into the convolution or pooling behind them, settings moved to the
// parameters of their type. Blobs are moved.
// warnings: as UpgradeNet(); not null.
// Errors: as UpgradeNet().
absl::Status UpgradeV0Net(caffe::NetParameter* net,
                          std::vector<std::string>* warnings);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_UPGRADE_V0_H_
