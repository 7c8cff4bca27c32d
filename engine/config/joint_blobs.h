// Blobs that must have equal factors although different layers read them.
#ifndef QUANTD_ENGINE_CONFIG_JOINT_BLOBS_H_
#define QUANTD_ENGINE_CONFIG_JOINT_BLOBS_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "engine/config/quant_plan.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The tops of Dropout layers, which do nothing in a deployed net.
class CopiedBlobs {
 public:
  explicit CopiedBlobs(const caffe::NetParameter& net);

  // The blob that `blob` is a copy of, itself else.
  const std::string& NameOf(const std::string& blob) const;

 private:
  absl::flat_hash_map<std::string, std::string> copied_;
};

// Sets QuantizedBlob::searched of `plan`, whose net is `net`. The inputs and
// outputs of a layer that only moves data (OnlyMovesData()) belong together,
// and so do those of layers behind it; Dropout is no layer here, and what stays
// float does not count. The
// search is over blobs that hold all values of such a group, each value once:
// the inputs, or the output of a Concat that has a float input too.
// The blobs of a group get the parameters of its first one;
// CONSUMER_PARAMS_DIFFER names those that had others.
void JoinBlobs(const caffe::NetParameter& net, QuantPlan* plan);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_JOINT_BLOBS_H_
