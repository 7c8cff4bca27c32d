// quantctl job list.
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/job_report.h"
#include "client/cli/output/format.h"
#include "client/cli/output/json.h"

namespace quantd {
namespace {

constexpr int64_t kDefaultLimit = 50;
constexpr int64_t kMaxLimit = int64_t{1} << 40;

absl::StatusOr<std::vector<v1::JobState>> ReadStates(const std::string& text) {
  std::vector<v1::JobState> states;
  for (absl::string_view name : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    states.push_back(ParseStateName(std::string(name)));
    if (states.back() == v1::JOB_STATE_UNSPECIFIED) {
      return UsageError(absl::StrCat(
          "--state names \"", name,
          "\"; give QUEUED, PREPARING, RUNNING, CANCELLING, SUCCEEDED, FAILED "
          "or CANCELLED"));
    }
  }
  return states;
}

Cell DurationCell(const v1::Job& job) {
  const double seconds = SecondsBetween(job.start_time(), job.end_time());
  return Cell(FormatSeconds(seconds), seconds < 0 ? "" : absl::StrCat(seconds));
}

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(const auto states, ReadStates(context.flags().Get("state")));
  ASSIGN_OR_RETURN(
      const int64_t limit,
      context.flags().GetInt("limit", 0, kMaxLimit, kDefaultLimit));
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  ASSIGN_OR_RETURN(const auto jobs, client->ListJobs(limit, states));
  Table table({"ID", "KIND", "STATE", "CREATED", ">TIME", "MODEL"});
  for (const v1::Job& job : jobs) {
    if (context.json()) PrintJson(job, &context.out());
    if (context.name_only()) context.out() << job.id() << "\n";
    table.AddRow({job.id(), KindName(job.spec()), StateCell(job.state()),
                  FormatTime(job.create_time()), DurationCell(job),
                  MainFileOf(job.spec())});
  }
  if (context.json() || context.name_only()) return 0;
  if (!table.empty()) context.Print(table);
  if (table.empty() && context.streams().out_terminal) {
    context.Hint("no jobs; next: quantctl help calibrate");
  }
  return 0;
}

}  // namespace

Command JobListCommand() {
  Command command;
  command.name = "job list";
  command.summary = "list the jobs, newest first";
  command.usage = "[flags]";
  command.details =
      "In a pipe: id, kind, state, created, seconds of run time, model.";
  command.flags = {
      {"state", "STATE,...", "only jobs in one of these states"},
      {"limit", "N", "at most N jobs, 0: all; default 50"},
  };
  command.examples =
      "quantctl job list --state RUNNING,QUEUED\n"
      "quantctl job list -o name --limit 0\n";
  command.run = Run;
  return command;
}

}  // namespace quantd
