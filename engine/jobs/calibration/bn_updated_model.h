// Quantization in AMCT's order with update_bn: weights, then BatchNorm, then
// fusion.
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_BN_UPDATED_MODEL_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_BN_UPDATED_MODEL_H_

#include <vector>

#include "absl/status/statusor.h"
#include "engine/config/quant_config.h"
#include "engine/config/quant_plan.h"
#include "engine/graph/fuse_batch_norm.h"
#include "engine/jobs/calibration/quantized_model.h"
#include "engine/jobs/calibration/update_batch_norm.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/quant/arq.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

struct BnUpdatedModel {
  // QuantizedModel::original with the plan's weights quantized and turned back,
  // and BatchNorm layers measured with them.
  caffe::NetParameter unfused;
  // The weight layers of QuantizedModel::plan, by their places there.
  QuantPlan unfused_plan;
  // The weights there, in the plan's order.
  std::vector<WeightFactors> unfused_weights;
  // `unfused`, fused: weights are the same integers times other steps.
  FusedNet fused;
  // The weights there, in the plan's order.
  std::vector<WeightFactors> weights;
  std::vector<Warning> warnings;
};

// Quantizes the weights of model.plan before fusion, runs UpdateBatchNorm(),
// and fuses. Fusion multiplies the step of an output channel by the size of
// what it multiplies its weights by; a negative factor turns the integers
// round. A step below 2^-23 becomes 1, and the integers 0. Weights of an
// InnerProduct, which have one step only, are quantized again after the fusion,
// from the model's floats.
// Errors: those of FindWeightFactors(), UpdateBatchNorm(), FuseBatchNorm() and
// CheckFusion();
// FAILED_PRECONDITION, SCALE_OUT_OF_RANGE with layer for a step above 2^23.
absl::StatusOr<BnUpdatedModel> QuantizeWithBnUpdate(const QuantizedModel& model,
                                                    const QuantConfig& config,
                                                    const NetworkFeed& feed,
                                                    const CalibrationData& data,
                                                    PhaseTracker* tracker);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_BN_UPDATED_MODEL_H_
