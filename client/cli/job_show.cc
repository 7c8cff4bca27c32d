// quantctl job show.
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/job_report.h"
#include "client/cli/output/format.h"
#include "client/cli/output/json.h"

namespace quantd {
namespace {

void AddSpec(const v1::JobSpec& spec, Table* table) {
  if (spec.has_train()) {
    table->AddRow({"solver", MainFileOf(spec)});
    return;
  }
  table->AddRow({"model", MainFileOf(spec)});
  table->AddRow({"weights", ModelOf(spec).weights().file_name()});
  if (spec.has_uninplace()) return;
  if (spec.has_inspect()) {
    table->AddRow({"config", spec.inspect().config().file_name()});
    return;
  }
  if (spec.has_convert()) {
    table->AddRow({"record", spec.convert().record().file_name()});
    return;
  }
  table->AddRow({"data set", DatasetOf(spec)});
  if (spec.has_calibrate() && !spec.calibrate().eval_dataset_id().empty()) {
    table->AddRow({"evaluated on", spec.calibrate().eval_dataset_id()});
  }
}

void AddOutcome(const v1::Job& job, Table* table) {
  if (job.has_error()) {
    table->AddRow({"error", absl::StrCat(job.error().reason(), ": ",
                                         job.error().message())});
  }
  for (const v1::JobWarning& warning : job.warnings()) {
    table->AddRow(
        {"warning", absl::StrCat(warning.reason(), ": ", warning.message())});
  }
  if (job.state() == v1::JOB_STATE_RUNNING) {
    table->AddRow({"phase", job.progress().phase()});
    table->AddRow({"done", absl::StrCat(job.progress().done(), "/",
                                        job.progress().total())});
  }
}

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  ASSIGN_OR_RETURN(const v1::Job job,
                   client->GetJob(context.flags().words()[0]));
  if (context.json()) {
    PrintJson(job, &context.out());
    return 0;
  }
  if (context.name_only()) {
    context.out() << job.id() << "\n";
    return 0;
  }
  Table table({"", ""});
  table.AddRow({"id", job.id()});
  table.AddRow({"kind", KindName(job.spec())});
  table.AddRow({"state", StateCell(job.state())});
  AddSpec(job.spec(), &table);
  table.AddRow({"created", FormatTime(job.create_time())});
  table.AddRow({"started", FormatTime(job.start_time())});
  table.AddRow({"ended", FormatTime(job.end_time())});
  table.AddRow({"attempt", absl::StrCat(job.attempt())});
  AddOutcome(job, &table);
  context.Print(table);
  if (job.state() == v1::JOB_STATE_SUCCEEDED) {
    context.out() << "\n";
    PrintJobReport(context, job, {});
  }
  return 0;
}

}  // namespace

Command JobShowCommand() {
  Command command;
  command.name = "job show";
  command.summary = "show one job: state, input, result or error";
  command.usage = "JOB [flags]";
  command.details = "-o json prints all of it.";
  command.examples = "quantctl job show j-abc123\n";
  command.min_words = command.max_words = 1;
  command.run = Run;
  return command;
}

}  // namespace quantd
