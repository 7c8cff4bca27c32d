// The inputs of networks that run side by side.
#ifndef QUANTD_ENGINE_JOBS_FEED_NET_INPUTS_H_
#define QUANTD_ENGINE_JOBS_FEED_NET_INPUTS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "engine/core/net.h"

namespace quantd {

// Drops all but the first `count` images of the inputs of `net`.
// Errors: those of Tensor::Resize().
absl::Status KeepImages(int64_t count, Net* net);

// Writes the values of the inputs of `from` into those of `to` of the same
// names. Errors: those of Tensor::Resize().
absl::Status CopyInputs(const Net& from, Net* to);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_FEED_NET_INPUTS_H_
