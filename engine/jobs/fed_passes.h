// One round over a data set, pass by pass, for jobs that compare nets.
#ifndef QUANTD_ENGINE_JOBS_FED_PASSES_H_
#define QUANTD_ENGINE_JOBS_FED_PASSES_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "engine/core/net.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/jobs/phase_tracker.h"

namespace quantd {

// Reads the first `max_records` records of `reader` (0: all), each once, into
// the inputs of `net`, some at a time, and calls `pass` whenever they are
// there. Begins the phase COMPARE, whose units are batches of `batch_size`.
// Returns the number of images.
// `reader`: nothing read yet. Errors: those of reading, and of
// `pass`.
absl::StatusOr<int64_t> RunFedPasses(int64_t batch_size, int64_t max_records,
                                     FeedReader* reader, Net* net,
                                     PhaseTracker* tracker,
                                     absl::FunctionRef<absl::Status()> pass);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_FED_PASSES_H_
