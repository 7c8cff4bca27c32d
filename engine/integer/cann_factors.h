// The factors of a deploy model for Ascend, which are in its Quant and DeQuant
// layers. Without the Quant layers it is what SS928's deploy model is, and runs
// as that does (deploy_net.h).
// Not here: SS928's factors (deploy_factors.h).
#ifndef QUANTD_ENGINE_INTEGER_CANN_FACTORS_H_
#define QUANTD_ENGINE_INTEGER_CANN_FACTORS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "engine/integer/deploy_factors.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// True if `net` has Quant or DeQuant layers.
bool HasQuantLayers(const caffe::NetParameter& net);

// Removes the Quant layers of `net`, a deploy model without in-place layers:
// their readers read what they read. DeQuant layers stay, with the three float
// blobs that run (docs/algorithms/dequant.md) instead of the packed one.
// Returns the factors of each layer that is left. A weight's step is the
// DeQuant's scale over the step of the input, rounded to float32.
// Errors, with layer: FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH for a DeQuant
// without its packed blob; MODEL_INVALID for Quant layers with illegal factors
// and for integer weights without Quant in front or DeQuant behind;
// UNIMPLEMENTED, NETWORK_UNSUPPORTED for an offset of the weights.
absl::StatusOr<std::vector<DeployFactors>> TakeCannFactors(
    caffe::NetParameter* net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_CANN_FACTORS_H_
