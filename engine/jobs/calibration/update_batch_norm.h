// Measures the BatchNorm layers of a net again: AMCT's update_bn.
// Source: AMCT's SS928 user guide, update_bn and bn_update_config.
// Not here: quantizing the weights before and fusing afterwards
// (bn_updated_model.h).
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_UPDATE_BATCH_NORM_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_UPDATE_BATCH_NORM_H_

#include <cstdint>

#include "absl/status/status.h"
#include "engine/config/quant_config.h"
#include "engine/jobs/calibration/calibration_passes.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/phase_tracker.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `net` with every BatchNorm computing the statistics of its batches:
// use_global_stats false, and the configuration's moving average where the
// layer states none. The rest of the net stays in phase TEST.
caffe::NetParameter WithBatchStatistics(caffe::NetParameter net,
                                        const BnUpdateConfig& config);

// Moves the statistics of the BatchNorm layers of `net`, which is `original`
// with quantized weights, by what quantization changed. Both run as
// WithBatchStatistics() over the calibration batches, from the first again
// after the last, config.iterations times; per pass, with a the moving average,
//   factor = a * factor + 1,  mean = a * mean + batch mean,  variance alike.
// With m, v what they start with, m_f, v_f what `original` ends with and m_q,
// v_q what `net` ends with, divided by their factors:
//   mean = m + m_q - m_f,  variance + eps = (v + eps) (v_q + eps) / (v_f + eps)
// and factor 1. So what a few images have by chance, which both see, does not
// count. A layer that starts with factor 0 takes m_q and v_q.
// Reports passes to `tracker` as phase BATCHNORM.
// Errors: those of OpenFeed() and Net; FAILED_PRECONDITION,
// ACTIVATION_NOT_FINITE with layer and channel for statistics that are NaN or
// infinite.
absl::Status UpdateBatchNorm(const caffe::NetParameter& original,
                             const BnUpdateConfig& config,
                             const NetworkFeed& feed,
                             const CalibrationData& data, PhaseTracker* tracker,
                             caffe::NetParameter* net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_UPDATE_BATCH_NORM_H_
