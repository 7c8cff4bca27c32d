// Parameters that several blobs of a net share.
#ifndef QUANTD_ENGINE_MODEL_SHARED_PARAMS_H_
#define QUANTD_ENGINE_MODEL_SHARED_PARAMS_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The names that more than one `param` of `net` has; a name used once shares
// nothing.
absl::flat_hash_set<std::string> SharedParams(const caffe::NetParameter& net);

// The first name of `layer` in `shared`; empty if it has none.
std::string FirstSharedParam(const caffe::LayerParameter& layer,
                             const absl::flat_hash_set<std::string>& shared);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_SHARED_PARAMS_H_
