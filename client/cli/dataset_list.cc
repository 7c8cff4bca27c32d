// quantctl dataset list.
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

constexpr int64_t kDefaultLimit = 50;
constexpr int64_t kMaxLimit = int64_t{1} << 40;

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(
      const int64_t limit,
      context.flags().GetInt("limit", 0, kMaxLimit, kDefaultLimit));
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  ASSIGN_OR_RETURN(const auto datasets, Datasets(client).List(limit));
  Table table({"ID", "NAME", ">RECORDS", ">SIZE", "STATE", "CREATED"});
  for (const v1::Dataset& dataset : datasets) {
    if (context.json()) PrintJson(dataset, &context.out());
    if (context.name_only()) context.out() << dataset.id() << "\n";
    table.AddRow({dataset.id(), dataset.display_name(),
                  absl::StrCat(dataset.num_records()),
                  Cell(FormatBytes(dataset.size_bytes()),
                       absl::StrCat(dataset.size_bytes())),
                  dataset.complete() ? "complete" : "partial",
                  FormatTime(dataset.create_time())});
  }
  if (context.json() || context.name_only()) return 0;
  if (!table.empty()) context.Print(table);
  if (table.empty() && context.streams().out_terminal) {
    context.Hint("no data sets; next: quantctl dataset upload PATH");
  }
  return 0;
}

}  // namespace

Command DatasetListCommand() {
  Command command;
  command.name = "dataset list";
  command.summary = "list the data sets that the server has";
  command.usage = "[flags]";
  command.details =
      "By id. A partial data set is one whose upload broke off: uploading it\n"
      "again goes on where it stopped. In a pipe: id, name, records, bytes of\n"
      "values, complete or partial, created.";
  command.flags = {
      {"limit", "N", "at most N data sets, 0: all; default 50"},
  };
  command.examples = "quantctl dataset list\n";
  command.run = Run;
  return command;
}

}  // namespace quantd
