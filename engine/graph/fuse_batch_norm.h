// Folds BatchNorm, Scale and Bias into the layer with weights before them.
// Not here: what remains unfused (BatchNorm to depthwise convolution).
#ifndef QUANTD_ENGINE_GRAPH_FUSE_BATCH_NORM_H_
#define QUANTD_ENGINE_GRAPH_FUSE_BATCH_NORM_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/graph/fusion_report.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

struct FusionOptions {
  bool do_fusion = true;
  // Layers that neither take part as head nor as member. Names that the net
  // does not have are ignored here; the configuration checks them.
  std::vector<std::string> skip_fusion_layers;
  // Blobs that must stay: none of them vanishes between head and members.
  std::set<std::string> keep_blobs;
  // Leaves members with a BATCH_NORM_VARIANCE as they are instead of failing.
  bool skip_bad_variance = false;
};

struct FusedNet {
  caffe::NetParameter net;
  FusionReport report;
};

// Folds, into each Convolution, DepthwiseConv, DepthwiseConvolution,
// Deconvolution and InnerProduct ("head"), the BatchNorm, then the Scale, then
// the Bias that directly follow it, each optional, and removes them. The head
// keeps its name and takes the last removed layer's top; a head without bias
// gets one. Blobs get modern shapes. `net` is upgraded and filtered by phase,
// in-place or not, its layers carry their blobs.
//
// With blob2 the BatchNorm's factor, f = blob2 == 0 ? 0 : 1 / blob2, and
// d = sqrt(f * blob1 + eps), each step in float32, per output channel:
//   BatchNorm  W' = W / d,     b' = (b - f * blob0) / d
//   Scale      W' = W * gamma, b' = b * gamma + beta
//   Bias       b' = b + beta
// Source: CANN AMCT's convolution fusion.
//
// A member fuses only if it is the one reader of the blob before it (the
// in-place chain counts as one), has one bottom, one top and no loss weight;
// BatchNorm uses global statistics; Scale and Bias have num_axes 1 and axis 1,
// or -3 behind a convolution, or -1 behind an InnerProduct of axis 1; its
// blobs have one element a channel; no blob of head or member is shared by
// param.name; both carry their blobs; and the channel axis of the head is 1.
// What does not fuse stays as it is.
// Errors: those of GraphView::Create(); FAILED_PRECONDITION,
//   BATCH_NORM_VARIANCE with layer, channel and value where variance + eps is
//   not positive and finite.
absl::StatusOr<FusedNet> FuseBatchNorm(caffe::NetParameter net,
                                       const FusionOptions& options = {});

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_FUSE_BATCH_NORM_H_
