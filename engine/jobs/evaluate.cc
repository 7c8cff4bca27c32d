#include "engine/jobs/evaluate.h"

#include <string>
#include <utility>

#include "base/status_macros.h"
#include "engine/jobs/accuracy/evaluator.h"
#include "engine/jobs/feed/feed_reader.h"
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
  ASSIGN_OR_RETURN(const auto reader, OpenFeed(feed, path, 1));
  ASSIGN_OR_RETURN(
      const Evaluator evaluator,
      Evaluator::Create(net, spec.has_detection() ? &spec.detection() : nullptr,
                        inputs, reader->num_records()));
  const int64_t batch_size = BatchSizeOf(feed, spec.batch_size());
  tracker.Begin("EVALUATE");
  JobOutput output;
  RETURN_IF_ERROR(evaluator.Evaluate(std::move(net), feed,
                                     {path, batch_size, spec.max_records()},
                                     &tracker, &output.result));
  tracker.Finish(&output.result);
  return output;
}

}  // namespace quantd
