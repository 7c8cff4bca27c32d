// quantctl job delete.
#include <istream>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"

namespace quantd {
namespace {

// Asks on a terminal; without one, --yes must say it.
absl::StatusOr<bool> Confirmed(CommandContext& context) {
  if (context.flags().Has("yes")) return true;
  if (!context.streams().in_terminal || !context.streams().err_terminal) {
    return UsageError("a deletion must be confirmed; add --yes");
  }
  context.err() << "delete " << absl::StrJoin(context.flags().words(), ", ")
                << " with records and events? [y/N] " << std::flush;
  std::string answer;
  std::getline(*context.streams().in, answer);
  return answer == "y" || answer == "yes";
}

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(const bool confirmed, Confirmed(context));
  if (!confirmed) {
    context.Hint("nothing was deleted");
    return 0;
  }
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  for (const std::string& id : context.flags().words()) {
    RETURN_IF_ERROR(client->DeleteJob(id));
    if (context.name_only()) context.out() << id << "\n";
    context.Hint("deleted job " + id);
  }
  return 0;
}

}  // namespace

Command JobDeleteCommand() {
  Command command;
  command.name = "job delete";
  command.summary = "forget jobs that ended, with their records";
  command.usage = "JOB... [flags]";
  command.details =
      "Asks first on a terminal. A running job is not deleted: cancel it "
      "before.";
  command.flags = {{"yes", "", "do not ask"}};
  command.examples = "quantctl job delete j-abc123 --yes\n";
  command.min_words = 1;
  command.max_words = 1000;
  command.run = Run;
  return command;
}

}  // namespace quantd
