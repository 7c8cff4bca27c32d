// Removes in-place use: every layer writes blobs of its own names.
#ifndef QUANTD_ENGINE_GRAPH_UNINPLACE_H_
#define QUANTD_ENGINE_GRAPH_UNINPLACE_H_

#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `net` (upgraded, filtered by phase), changed so that no top is a bottom of
// the same layer.
// Names: a layer whose top equals its bottom writes a top of the layer's name
// ("_top0", "_top1", ... appended when that is taken), and later readers
// follow. If the blob is an output of the net, its last writer keeps the name,
// and the first version becomes "<blob>_orig".
// Errors: those of GraphView::Create().
absl::StatusOr<caffe::NetParameter> Uninplace(caffe::NetParameter net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_UNINPLACE_H_
