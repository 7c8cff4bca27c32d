#include "engine/jobs/evaluate.h"

#include <string>
#include <utility>

#include "base/status_macros.h"
#include "engine/jobs/accuracy/accuracy.h"
#include "engine/jobs/accuracy/detection_accuracy.h"
#include "engine/jobs/feed/network_feed.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/model/float_model.h"

namespace quantd {

absl::StatusOr<JobOutput> RunEvaluate(const v1::EvaluateSpec& spec,
                                      const JobInputs& inputs,
                                      JobMonitor* monitor) {
  PhaseTracker tracker(monitor);
  tracker.Begin("LOAD");
  ASSIGN_OR_RETURN(caffe::NetParameter net,
                   ReadJobModel(spec.model(), inputs, monitor));
  RETURN_IF_ERROR(CheckFloatBlobs(net));
  ASSIGN_OR_RETURN(
      const NetworkFeed feed,
      FindFeed(net, spec.has_transform() ? &spec.transform() : nullptr,
               inputs));
  WarnOfMirror(feed.transform, monitor);
  ASSIGN_OR_RETURN(const std::string path,
                   DatasetPath(inputs, spec.dataset_id()));
  const int64_t batch_size = BatchSizeOf(feed, spec.batch_size());
  tracker.Begin("EVALUATE");
  JobOutput output;
  if (spec.has_detection()) {
    ASSIGN_OR_RETURN(
        *output.result.mutable_detection(),
        MeasureDetection(std::move(net), feed, spec.detection(), inputs,
                         {path, batch_size, spec.max_records()}, &tracker));
    tracker.Finish(&output.result);
    return output;
  }
  AccuracyOptions options;
  options.lmdb_path = path;
  options.max_records = spec.max_records();
  options.batch_size = batch_size;
  ASSIGN_OR_RETURN(*output.result.mutable_float_accuracy(),
                   MeasureAccuracy(std::move(net), feed, options, &tracker));
  tracker.Finish(&output.result);
  return output;
}

}  // namespace quantd
