// The graph passes that a net goes through before it only runs forward.
// Not here: what needs no change of the graph, Net::Options::inference.
#ifndef QUANTD_ENGINE_GRAPH_OPTIMIZE_FOR_INFERENCE_H_
#define QUANTD_ENGINE_GRAPH_OPTIMIZE_FOR_INFERENCE_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `net`, upgraded and filtered by phase, its layers with their blobs, so that
// it computes the same with less: BatchNorm, Scale and Bias are folded into the
// weights before them (FuseBatchNorm), elementwise layers work in place
// (ReuseBlobs). Blobs in `keep` and outputs keep names and values, but for
// rounding; others may be gone.
// Errors: those of GraphView::Create().
absl::StatusOr<caffe::NetParameter> OptimizeForInference(
    caffe::NetParameter net, const std::set<std::string>& keep);

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_OPTIMIZE_FOR_INFERENCE_H_
