// quantctl artifact list.
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/output/format.h"
#include "client/cli/output/json.h"

namespace quantd {
namespace {

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  ASSIGN_OR_RETURN(const v1::Job job,
                   client->GetJob(context.flags().words()[0]));
  Table table({"NAME", ">SIZE", "SHA-256"});
  for (const v1::Artifact& artifact : job.artifacts()) {
    if (context.json()) PrintJson(artifact, &context.out());
    if (context.name_only()) context.out() << artifact.name() << "\n";
    const v1::BlobRef& blob = artifact.blob();
    table.AddRow(
        {artifact.name(),
         Cell(FormatBytes(blob.size_bytes()), absl::StrCat(blob.size_bytes())),
         Cell(blob.sha256().substr(0, 16), blob.sha256())});
  }
  if (context.json() || context.name_only()) return 0;
  if (!table.empty()) {
    context.Print(table);
  } else if (context.streams().out_terminal) {
    context.Hint(absl::StrCat("no artifacts: job ", job.id(), " is ",
                              StateName(job.state())));
  }
  return 0;
}

}  // namespace

Command ArtifactListCommand() {
  Command command;
  command.name = "artifact list";
  command.summary = "list the files that a job produced";
  command.usage = "JOB [flags]";
  command.details = "In a pipe: name, size in bytes, SHA-256.";
  command.examples = "quantctl artifact list j-abc123\n";
  command.min_words = command.max_words = 1;
  command.run = Run;
  return command;
}

}  // namespace quantd
