// quantctl dataset show.
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/output/format.h"
#include "client/cli/output/json.h"
#include "client/datasets.h"

namespace quantd {
namespace {

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  ASSIGN_OR_RETURN(const v1::Dataset dataset,
                   Datasets(client).Get(context.flags().words()[0]));
  if (context.json()) {
    PrintJson(dataset, &context.out());
    return 0;
  }
  if (context.name_only()) {
    context.out() << dataset.id() << "\n";
    return 0;
  }
  Table table({"", ""});
  table.AddRow({"id", dataset.id()});
  table.AddRow({"name", dataset.display_name()});
  table.AddRow({"records", absl::StrCat(dataset.num_records())});
  table.AddRow({"size", Cell(FormatBytes(dataset.size_bytes()),
                             absl::StrCat(dataset.size_bytes()))});
  table.AddRow({"state", dataset.complete() ? "complete" : "partial"});
  table.AddRow({"sha256", dataset.sha256()});
  table.AddRow({"created", FormatTime(dataset.create_time())});
  context.Print(table);
  return 0;
}

}  // namespace

Command DatasetShowCommand() {
  Command command;
  command.name = "dataset show";
  command.summary = "show one data set: name, records, size, digest";
  command.usage = "DATASET [flags]";
  command.details = "-o json prints all of it.";
  command.examples =
      "quantctl dataset show ds-5f70bf18a086007016e948b04aed3b82103a36be\n";
  command.min_words = command.max_words = 1;
  command.run = Run;
  return command;
}

}  // namespace quantd
