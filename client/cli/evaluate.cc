// quantctl evaluate: the accuracy of a model on labelled images.
#include <ostream>
#include <utility>

#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/data_fields.h"
#include "client/cli/detection_flags.h"
#include "client/cli/follow_job.h"
#include "client/cli/job_report.h"
#include "client/cli/model_flags.h"
#include "client/cli/output/json.h"

namespace quantd {
namespace {

absl::StatusOr<int> Run(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  RETURN_IF_ERROR(CheckModelFlags(flags));
  RETURN_IF_ERROR(MaxRecords(flags).status());
  ASSIGN_OR_RETURN(absl::optional<DetectionRequest> detection,
                   ReadDetection(flags));
  v1::JobSpec job_spec;
  v1::EvaluateSpec& spec = *job_spec.mutable_evaluate();
  ASSIGN_OR_RETURN(*spec.mutable_model(), UploadModel(context));
  if (detection.has_value()) {
    ASSIGN_OR_RETURN(*spec.mutable_detection(),
                     UploadDetection(context, *std::move(detection)));
  }
  RETURN_IF_ERROR(SetDataFields(context, &spec));
  ASSIGN_OR_RETURN(const v1::Job job, RunJobOnServer(context, job_spec));
  if (const int code = ReportJobEnd(context, job); code != 0) return code;
  if (context.json()) {
    PrintJson(job, &context.out());
  } else if (context.name_only()) {
    context.out() << job.id() << "\n";
  } else {
    PrintJobReport(context, job, {});
  }
  if (!context.settings().local) {
    context.Hint("next: quantctl job show " + job.id());
  }
  return 0;
}

}  // namespace

Command EvaluateCommand() {
  Command command;
  command.name = "evaluate";
  command.summary = "measure top-1, top-5 and loss of a model, or its mAP";
  command.usage = "--model FILE --weights FILE --data DATA [flags]";
  command.details =
      "Runs the network over the images once and compares its scores with the "
      "labels.\nThe network's Accuracy layers are measured, too, each by its "
      "name. The model may\nbe a float one or a fake-quant one.";
  command.flags = ModelFlags();
  command.flags.push_back(
      {"max-records", "N", "only the first N images; default: all"});
  for (FlagSpec& flag : DetectionFlags()) {
    command.flags.push_back(std::move(flag));
  }
  command.examples =
      "quantctl evaluate --model deploy.prototxt --weights net.caffemodel \\\n"
      "    --data test_lmdb --scale 0.00390625\n"
      "quantctl evaluate --model net.prototxt --weights net.caffemodel \\\n"
      "    --data image=images.npy --data box=boxes.npy --data "
      "label=labels.npy\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
