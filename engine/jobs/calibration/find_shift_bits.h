// AMCT's SearchN over calibration images: the right shifts of the sums of the
// layers of a plan, for chips that keep them in 16 bits
// (docs/algorithms/dequant.md).
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_FIND_SHIFT_BITS_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_FIND_SHIFT_BITS_H_

#include "absl/status/status.h"
#include "engine/config/quant_plan.h"
#include "engine/jobs/calibration/calibration_passes.h"
#include "engine/jobs/calibration/factor_records.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/phase_tracker.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Fills factors->shift_bits from the outputs of the plan's weight layers, one
// for each step of the weights. `net` is the plan's net with float weights;
// what runs has them quantized by `factors` and float inputs, as SearchN sees
// it. A Convolution that gives one pixel gets one step and one shift for all
// its channels: the largest scale_w, which replaces the others in `factors`.
// Reports batches to `tracker` as phase STATISTICS.
// Errors: those of OpenFeed() and Net; FAILED_PRECONDITION,
// ACTIVATION_NOT_FINITE with layer for outputs that are NaN or infinite.
absl::Status FindShiftBits(const QuantPlan& plan, caffe::NetParameter net,
                           const NetworkFeed& feed, const CalibrationData& data,
                           PhaseTracker* tracker, PlanFactors* factors);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_FIND_SHIFT_BITS_H_
