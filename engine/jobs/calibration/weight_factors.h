// Quantizes the weights of a plan.
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_WEIGHT_FACTORS_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_WEIGHT_FACTORS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "engine/config/quant_plan.h"
#include "engine/quant/arq.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// ARQ or SNQ over the weights of each of the plan's weight layers, in the
// plan's order; of recurrent layers the factors of one weight blob
// (WeightBlobs()) after the other. `net` is the plan's net with float blobs;
// those of SNQ become what they are when quantized and turned back. `warnings`:
// SNQ_WORSE_THAN_UNIFORM.
// Errors: those of ArqSearch() and SnqSearch(), FAILED_PRECONDITION,
// MODEL_WEIGHTS_MISMATCH for a layer without weights or whose first dimension
// is not its channels; all with layer.
absl::StatusOr<std::vector<WeightFactors>> FindWeightFactors(
    const QuantPlan& plan, caffe::NetParameter* net,
    std::vector<Warning>* warnings);

// Replaces the weights by what they become when quantized with `factors` and
// turned back, as the calibration passes need them. Biases stay float.
absl::Status FakeQuantizeNet(const QuantPlan& plan,
                             const std::vector<WeightFactors>& factors,
                             caffe::NetParameter* net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_WEIGHT_FACTORS_H_
