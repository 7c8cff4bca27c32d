// What jobs do to the inputs of networks beside filling them.
#ifndef QUANTD_ENGINE_JOBS_FEED_NET_INPUTS_H_
#define QUANTD_ENGINE_JOBS_FEED_NET_INPUTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/net.h"
#include "engine/core/tensor.h"
#include "engine/jobs/feed/network_feed.h"

namespace quantd {

// Drops all but the first `count` images of the inputs of `net`.
// Errors: those of Tensor::Resize().
absl::Status KeepImages(int64_t count, Net* net);

// The blobs of `net` that records enter through. Errors: those of Net::Blob().
absl::StatusOr<std::vector<const Tensor*>> BlobsOf(
    const Net& net, const std::vector<InputShape>& inputs);

// Writes the values of the inputs of `from` into those of `to` of the same
// names. Errors: those of Tensor::Resize().
absl::Status CopyInputs(const Net& from, Net* to);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_FEED_NET_INPUTS_H_
