#include "engine/jobs/uninplace_model.h"

#include <string>
#include <utility>

#include "base/status_macros.h"
#include "engine/graph/uninplace.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/model/prototxt.h"

namespace quantd {
namespace {

constexpr char kFileName[] = "uninplace.prototxt";

// In the dialect that it came in: only CANN's networks have DeQuant layers.
std::string Print(const caffe::NetParameter& net) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layer.type() == "DeQuant") return PrintCannPrototxt(net);
  }
  return PrintPrototxt(net);
}

}  // namespace

absl::StatusOr<JobOutput> RunUninplace(const v1::UninplaceSpec& spec,
                                       const JobInputs& inputs,
                                       JobMonitor* monitor) {
  PhaseTracker tracker(monitor);
  tracker.Begin("LOAD");
  ASSIGN_OR_RETURN(caffe::NetParameter net,
                   LoadJobModel(spec.model(), inputs, monitor));
  RETURN_IF_ERROR(tracker.CheckCancelled());
  tracker.Begin("EMIT");
  ASSIGN_OR_RETURN(net, Uninplace(std::move(net)));
  for (caffe::LayerParameter& layer : *net.mutable_layer()) {
    layer.clear_blobs();
  }
  JobOutput output;
  output.files.push_back({kFileName, Print(net)});
  tracker.Finish(&output.result);
  return output;
}

}  // namespace quantd
