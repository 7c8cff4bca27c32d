// A deploy model and the fake-quant model that was made with it, layer by
// layer.
// Not here: running them (engine/jobs/verify.h).
#ifndef QUANTD_ENGINE_JOBS_VERIFICATION_MODEL_PAIR_H_
#define QUANTD_ENGINE_JOBS_VERIFICATION_MODEL_PAIR_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/eval/integer_difference.h"
#include "engine/integer/deploy_factors.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// A quantized bottom of a layer.
using LayerInput = std::pair<std::string, int>;

// A Quant layer of the fake-quant model.
struct PairedQuant {
  std::string blob;  // That it writes.
  FakeQuantParams params;
};

// Finds the Quant layer in front of every quantized bottom of `deploy`, whose
// factors are `factors`, one per layer. num_bits of a 16-bit input becomes what
// the Quant layer says (9 to 16): the deploy model's files do not have it.
// Both models are without in-place layers.
// Errors: FAILED_PRECONDITION, MODELS_NOT_COMPARABLE with layer and field if a
// layer is in one model only or of another type, an input is quantized in one
// model only, or scale, offset or number of bits differ.
absl::StatusOr<std::map<LayerInput, PairedQuant>> PairQuantLayers(
    const caffe::NetParameter& deploy, const caffe::NetParameter& fake,
    std::vector<DeployFactors>* factors);

// Compares the integers of `deploy` with the weights and the bias of `fake`
// over their steps, rounded. The factors are those of the layer. For inputs of
// n > 8 bits less than 2^(n - 8) steps of the bias is no difference: float32
// resolves no more.
// Errors: FAILED_PRECONDITION, MODELS_NOT_COMPARABLE for other shapes,
// WEIGHT_NOT_FINITE for a NaN or infinity in `fake`; INVALID_ARGUMENT,
// RECORD_INVALID for a weight that its table does not have; those of
// ReadIntegerWeights() and WeightLayoutOf().
absl::StatusOr<IntegerDifference> CompareWeights(
    const caffe::LayerParameter& deploy, const caffe::LayerParameter& fake,
    const DeployFactors& factors);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_VERIFICATION_MODEL_PAIR_H_
