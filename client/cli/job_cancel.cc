// quantctl job cancel.
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

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  Table table({"ID", "STATE"});
  for (const std::string& id : context.flags().words()) {
    ASSIGN_OR_RETURN(const v1::Job job, client->CancelJob(id));
    if (context.json()) PrintJson(job, &context.out());
    if (context.name_only()) context.out() << job.id() << "\n";
    table.AddRow({job.id(), StateCell(job.state())});
  }
  if (!context.json() && !context.name_only()) context.Print(table);
  return 0;
}

}  // namespace

Command JobCancelCommand() {
  Command command;
  command.name = "job cancel";
  command.summary = "stop jobs; those that ended stay as they are";
  command.usage = "JOB... [flags]";
  command.details =
      "Prints the state of each job afterwards: CANCELLING until its worker "
      "has\nstopped.";
  command.examples = "quantctl job cancel j-abc123\n";
  command.min_words = 1;
  command.max_words = 1000;
  command.run = Run;
  return command;
}

}  // namespace quantd
