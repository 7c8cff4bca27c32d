#include "engine/jobs/fed_passes.h"

#include <algorithm>

#include "base/status_macros.h"
#include "engine/jobs/feed/net_inputs.h"

namespace quantd {

absl::StatusOr<int64_t> RunFedPasses(int64_t batch_size, int64_t max_records,
                                     FeedReader* reader, Net* net,
                                     PhaseTracker* tracker,
                                     absl::FunctionRef<absl::Status()> pass) {
  RETURN_IF_ERROR(reader->SetBatchSize(ImagesPerPass(*net, batch_size)));
  const int64_t wanted = max_records > 0
                             ? std::min(max_records, reader->num_records())
                             : reader->num_records();
  tracker->Begin("COMPARE", (wanted + batch_size - 1) / batch_size);
  Tensor labels;
  int64_t num_images = 0;
  while (num_images < wanted) {
    ASSIGN_OR_RETURN(const int64_t count, reader->Next(net, &labels));
    if (count == 0) break;
    const int64_t used = std::min(count, wanted - num_images);
    if (used < count) RETURN_IF_ERROR(KeepImages(used, net));
    RETURN_IF_ERROR(pass());
    num_images += used;
    tracker->Advance(num_images / batch_size, used);
  }
  return num_images;
}

}  // namespace quantd
