#include "engine/jobs/calibration/calibration_passes.h"

#include <utility>

#include "base/failpoints.h"
#include "base/status_macros.h"
#include "engine/graph/drop_tail.h"
#include "engine/graph/reuse_blobs.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/layers/registry.h"

namespace quantd {

absl::StatusOr<std::unique_ptr<Net>> MakeCalibrationNet(
    caffe::NetParameter model, const std::vector<InputShape>& inputs,
    std::set<std::string> watched) {
  ASSIGN_OR_RETURN(
      caffe::NetParameter runnable,
      DropTail(WithInputLayer(std::move(model), inputs, /*batch_size=*/1)));
  Net::Options options;
  options.inference = true;
  options.fast_math = false;  // Thresholds are compared to 1e-5.
  options.watch_blobs = std::move(watched);
  return Net::Create(ReuseBlobs(std::move(runnable), options.watch_blobs),
                     options, MakeLayer);
}

absl::Status RunCalibrationPasses(
    const CalibrationData& data, FeedReader* reader, Net* net,
    PhaseTracker* tracker,
    const std::function<absl::Status(int64_t)>& before_pass,
    const std::function<absl::Status(int)>& after_layer) {
  RETURN_IF_ERROR(reader->SetBatchSize(ImagesPerPass(*net, data.batch_size)));
  Tensor labels;
  for (int64_t done = 0; done < data.num_images();) {
    if (done % data.batch_size == 0) {
      QUANTD_FAILPOINT("jobs/calibration_batch");
    }
    ASSIGN_OR_RETURN(const int64_t count, reader->Next(net, &labels));
    RETURN_IF_ERROR(before_pass(count));
    RETURN_IF_ERROR(net->Forward([&](int index) -> absl::Status {
      RETURN_IF_ERROR(tracker->CheckCancelled());
      return after_layer(index);
    }));
    done += count;
    tracker->Advance(done / data.batch_size, count);
  }
  return absl::OkStatus();
}

}  // namespace quantd
