// Proves on real data that fusing BatchNorm, Scale and Bias changed nothing.
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_FUSION_CHECK_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_FUSION_CHECK_H_

#include <string>

#include "absl/status/status.h"
#include "engine/graph/fuse_batch_norm.h"
#include "engine/jobs/feed/network_feed.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The largest difference that a fused blob may have from the unfused one, as a
// share of that one's largest magnitude.
inline constexpr double kMaxFusionDifference = 1e-3;

// Runs `original` (without in-place layers, with its Data layer) and what
// FuseBatchNorm() made of it on the first image of the LMDB, and compares what
// the fused layers write. Does nothing for a net without fused layers.
// Errors: FAILED_PRECONDITION, FUSION_MISMATCH with the first layer that
// differs by more than kMaxFusionDifference; those of OpenFeed() and Net.
absl::Status CheckFusion(const caffe::NetParameter& original,
                         const FusedNet& fused, const NetworkFeed& feed,
                         const std::string& lmdb_path);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_FUSION_CHECK_H_
