// Gives every reader of a blob a copy of its own, so that gradients add up.
#ifndef QUANTD_ENGINE_CORE_INSERT_SPLITS_H_
#define QUANTD_ENGINE_CORE_INSERT_SPLITS_H_

#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `net` with a Split layer right behind every blob (every version of it, in
// place) that more than one bottom reads, or one bottom and an explicit
// loss_weight. Named as Caffe does: <blob>_<layer>_<top>_split, tops with _<k>
// behind it in the order of the readers; a loss_weight moves to copy 0.
// Bottoms that no layer produces are left for Net::Create() to report.
// Source: BVLC Caffe, src/caffe/util/insert_splits.cpp.
caffe::NetParameter InsertSplits(const caffe::NetParameter& net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_INSERT_SPLITS_H_
