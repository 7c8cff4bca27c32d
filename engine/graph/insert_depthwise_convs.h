// BatchNorm, Scale and Bias layers that no layer with weights took in become
// one DepthwiseConv.
// Not here: folding them into a layer before them (fuse_batch_norm.h), which
// comes first.
#ifndef QUANTD_ENGINE_GRAPH_INSERT_DEPTHWISE_CONVS_H_
#define QUANTD_ENGINE_GRAPH_INSERT_DEPTHWISE_CONVS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/graph/fuse_batch_norm.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Name of the DepthwiseConv that takes the place of a chain of layers.
std::string DepthwiseConvName(const std::string& first_layer);

// Replaces each chain of a BatchNorm, a Scale and a Bias, in this order, of
// which any may be missing, by a DepthwiseConv of kernel size 1 with
//   y = x * W[c] + b[c]
// per channel: AMCT's "BN+Scale+Bias acceleration". Only layers named in
// `layers` take part, all with inputs of four axes; those that cannot be
// folded (fuse_batch_norm.h) stay as they are. The new layer reads the first
// layer's bottom and writes the last one's top; fused->report tells of it as of
// a fusion. Returns the first layers of the chains, in net order.
// Errors: those of FuseBatchNorm(); INVALID_ARGUMENT, LAYER_NAME_NOT_UNIQUE if
//   the net has a layer of the new name already.
absl::StatusOr<std::vector<std::string>> InsertDepthwiseConvs(
    const std::set<std::string>& layers, FusedNet* fused);

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_INSERT_DEPTHWISE_CONVS_H_
