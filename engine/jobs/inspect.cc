#include "engine/jobs/inspect.h"

#include <string>

#include "base/status_macros.h"
#include "engine/config/quant_config.h"
#include "engine/config/read_quant_config.h"
#include "engine/jobs/calibration/quantized_model.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/phase_tracker.h"

namespace quantd {
namespace {

constexpr char kFileName[] = "config.json";

absl::StatusOr<QuantConfig> ReadConfig(const v1::InspectSpec& spec,
                                       const JobInputs& inputs,
                                       const caffe::NetParameter& net) {
  const Target target = TargetOf(spec.target());
  if (!spec.has_config()) return DefaultQuantConfig(net, target);
  ASSIGN_OR_RETURN(const std::string text, inputs.read_blob(spec.config()));
  return ReadQuantConfig(text, spec.config().file_name(), net, target);
}

}  // namespace

absl::StatusOr<JobOutput> RunInspect(const v1::InspectSpec& spec,
                                     const JobInputs& inputs,
                                     JobMonitor* monitor) {
  PhaseTracker tracker(monitor);
  tracker.Begin("LOAD");
  ASSIGN_OR_RETURN(const caffe::NetParameter net,
                   LoadJobModel(spec.model(), inputs, monitor));
  ASSIGN_OR_RETURN(const QuantConfig config, ReadConfig(spec, inputs, net));
  RETURN_IF_ERROR(tracker.CheckCancelled());
  tracker.Begin("EMIT");
  JobOutput output;
  output.files.push_back({kFileName, QuantConfigToJson(config)});
  int64_t on = 0;
  for (const LayerQuantConfig& layer : config.layers) on += layer.quant_enable;
  output.result.set_num_layers_quantized(on);
  output.result.set_num_layers_float(
      static_cast<int64_t>(config.layers.size()) - on);
  tracker.Finish(&output.result);
  return output;
}

}  // namespace quantd
