// AMCT's "BN+Scale+Bias acceleration" in a job: which layers it takes, and
// what the configuration says of the DepthwiseConvs in their place.
// Not here: the change to the net (engine/graph/insert_depthwise_convs.h).
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_DEPTHWISE_CONVS_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_DEPTHWISE_CONVS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/config/quant_config.h"
#include "engine/graph/fuse_batch_norm.h"
#include "engine/jobs/feed/network_feed.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// True if `config` switches on a BatchNorm, Scale or Bias layer of `net`, the
// fused one. False with update_bn, which measures BatchNorm before fusion, and
// for target Ascend, which quantizes no DepthwiseConv.
bool HasLayersToAccelerate(const QuantConfig& config,
                           const caffe::NetParameter& net);

// InsertDepthwiseConvs() for the BatchNorm, Scale and Bias layers of
// HasLayersToAccelerate() in `fused` whose input has four axes. Returns
// `config` for the net that comes out: the entry of a chain's first layer goes
// over to the DepthwiseConv, with weights by ARQ per channel. `inputs` are the
// shapes of the data set's records.
// Errors: those of InsertDepthwiseConvs() and of making a net.
absl::StatusOr<QuantConfig> AccelerateEnabled(
    const QuantConfig& config, const std::vector<InputShape>& inputs,
    FusedNet* fused);

// InsertDepthwiseConvs() for the layers whose DepthwiseConv `record`, that of
// an earlier calibration, names, and for those behind them that it does not.
// Errors: those of InsertDepthwiseConvs().
absl::StatusOr<caffe::NetParameter> AccelerateRecorded(
    caffe::NetParameter net, const amct::ScaleOffsetRecord& record);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_DEPTHWISE_CONVS_H_
