#include "engine/graph/optimize_for_inference.h"

#include <utility>

#include "base/status_macros.h"
#include "engine/graph/fuse_batch_norm.h"
#include "engine/graph/reuse_blobs.h"

namespace quantd {

absl::StatusOr<caffe::NetParameter> OptimizeForInference(
    caffe::NetParameter net, const std::set<std::string>& keep) {
  FusionOptions options;
  options.keep_blobs = keep;
  options.skip_bad_variance = true;
  ASSIGN_OR_RETURN(FusedNet fused, FuseBatchNorm(std::move(net), options));
  return ReuseBlobs(std::move(fused.net), keep);
}

}  // namespace quantd
