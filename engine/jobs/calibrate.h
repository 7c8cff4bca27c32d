// The job CALIBRATE: post-training quantization, from a float network to AMCT's
// files.
#ifndef QUANTD_ENGINE_JOBS_CALIBRATE_H_
#define QUANTD_ENGINE_JOBS_CALIBRATE_H_

#include "absl/status/statusor.h"
#include "engine/jobs/job.h"

namespace quantd {

// Phases, in AMCT's order:
//   LOAD        read and check model, config, data
//   TRANSFORM   remove in-place layers, fuse BatchNorm, Scale, Bias; plan;
//               quantize the weights (ARQ, SNQ); with update_bn before fusion
//   BATCHNORM   with update_bn: forward passes that measure BatchNorm
//   STATISTICS  forward passes, observers on the inputs of quantized layers
//   THRESHOLDS  search scale and offset of each (IFMR)
//               with search_shift_bit STATISTICS again: the shifts of sums
//   EMIT        write the files
//   EVALUATE    float and fake-quant network, if the spec names data for it
// Errors: those of the parts, CheckFloatModel() among them;
// FAILED_PRECONDITION, DATASET_TOO_SMALL for fewer
// records than batch_size * batch_num; ACTIVATION_NOT_FINITE with layer and
// blob; with spec.strict ACTIVATION_ALL_ZERO, which is a warning otherwise.
absl::StatusOr<JobOutput> RunCalibrate(const v1::CalibrateSpec& spec,
                                       const JobInputs& inputs,
                                       JobMonitor* monitor);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATE_H_
