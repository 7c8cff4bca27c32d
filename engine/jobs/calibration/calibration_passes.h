// The batches of a calibration, and the net that runs them.
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_CALIBRATION_PASSES_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_CALIBRATION_PASSES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/net.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/jobs/phase_tracker.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The first batch_size * batch_num records of an LMDB, in its order.
struct CalibrationData {
  std::string lmdb_path;
  int64_t batch_size = 1;
  int64_t batch_num = 1;

  int64_t num_images() const { return batch_size * batch_num; }
};

// A net of `model` for `inputs` of one image. It rounds as little as it can,
// keeps the values of `watched` blobs while a layer's successor has not run,
// and leaves out layers behind the last one that it can run.
// Errors: those of DropTail() and Net::Create().
absl::StatusOr<std::unique_ptr<Net>> MakeCalibrationNet(
    caffe::NetParameter model, const std::vector<InputShape>& inputs,
    std::set<std::string> watched);

// Runs `net` over `data`, which `reader` reads, in passes of as many images as
// suit it. Advances `tracker`, whose phase has batch_num steps.
// `before_pass` gets the number of images that the net's inputs now hold,
// `after_layer` the index of a layer that has run; errors of either end it.
// Errors: theirs, those of the reader and the net, and cancellation.
absl::Status RunCalibrationPasses(
    const CalibrationData& data, FeedReader* reader, Net* net,
    PhaseTracker* tracker,
    const std::function<absl::Status(int64_t)>& before_pass,
    const std::function<absl::Status(int)>& after_layer);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_CALIBRATION_PASSES_H_
