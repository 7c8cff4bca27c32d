// The opposite of uninplace.h, for running a net: less memory, warmer caches.
#ifndef QUANTD_ENGINE_GRAPH_REUSE_BLOBS_H_
#define QUANTD_ENGINE_GRAPH_REUSE_BLOBS_H_

#include <set>
#include <string>

#include "proto/caffe/caffe.pb.h"

namespace quantd {

// A copy of `net`, upgraded and filtered by phase, whose ReLU, PReLU, Dropout
// and Quant layers work in place where nobody can tell: their bottom is read by
// them alone, is not an input of the net and not in `keep`. The bottom takes
// the top's name, so every blob that others read keeps its name and values.
caffe::NetParameter ReuseBlobs(caffe::NetParameter net,
                               const std::set<std::string>& keep);

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_REUSE_BLOBS_H_
