// quantctl job watch.
#include <limits>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/exit_code.h"
#include "client/cli/follow_job.h"
#include "client/cli/job_report.h"
#include "client/cli/output/format.h"
#include "client/cli/output/json.h"

namespace quantd {
namespace {

// Kind and text of an event, for the columns in a pipe.
std::pair<std::string, std::string> Describe(const v1::JobEvent& event) {
  switch (event.event_case()) {
    case v1::JobEvent::kState:
      return {"state", StateName(event.state())};
    case v1::JobEvent::kProgress:
      return {"progress", absl::StrCat(event.progress().phase(), " ",
                                       event.progress().done(), "/",
                                       event.progress().total())};
    case v1::JobEvent::kWarning:
      return {"warning", absl::StrCat(event.warning().reason(), ": ",
                                      event.warning().message())};
    case v1::JobEvent::kLog:
      return {"log", event.log()};
    default:
      return {"-", ""};
  }
}

void PrintEvent(CommandContext& context, const v1::JobEvent& event) {
  if (context.json()) return PrintJson(event, &context.out());
  if (context.name_only() || context.streams().out_terminal) return;
  const auto [kind, text] = Describe(event);
  Table table({"", "", "", ""});
  table.AddRow(
      {absl::StrCat(event.sequence()), FormatTime(event.time()), kind, text});
  context.Print(table);
  context.out() << std::flush;
}

absl::StatusOr<int> Run(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  const std::string until =
      flags.Get("until").empty() ? "done" : flags.Get("until");
  if (until != "done" && until != "running") {
    return UsageError(
        absl::StrCat("--until is \"", until, "\"; give done or running"));
  }
  ASSIGN_OR_RETURN(
      const int64_t after,
      flags.GetInt("after", 0, std::numeric_limits<int64_t>::max(), 0));
  const std::string id = flags.words()[0];
  ASSIGN_OR_RETURN(
      const v1::Job job,
      FollowJob(context, id, after, [&](const v1::JobEvent& event) {
        PrintEvent(context, event);
        return until == "done" || event.event_case() != v1::JobEvent::kState ||
               event.state() != v1::JOB_STATE_RUNNING;
      }));
  if (const int code = ReportJobEnd(context, job); code != 0) return code;
  if (context.name_only()) context.out() << job.id() << "\n";
  const bool succeeded = job.state() == v1::JOB_STATE_SUCCEEDED;
  if (succeeded && !context.json() && !context.name_only() &&
      context.streams().out_terminal) {
    PrintJobReport(context, job, {});
  }
  if (succeeded) {
    context.Hint(absl::StrCat("job ", id, " ", StateName(job.state()),
                              "; next: quantctl artifact fetch ", id));
  }
  return 0;
}

}  // namespace

Command JobWatchCommand() {
  Command command;
  command.name = "job watch";
  command.summary = "follow a job, and wait for its end";
  command.usage = "JOB [flags]";
  command.details =
      "Shows progress on a terminal. In a pipe each event is a line: sequence, "
      "time,\nkind, text; with -o json an object. A lost connection is "
      "resumed. Exit code 3\nif the job fails or is cancelled; 6 after "
      "--timeout.";
  command.flags = {
      {"until", "STATE", "done or running; default done"},
      {"after", "SEQUENCE", "only events after this one; default 0"},
  };
  command.examples =
      "quantctl job watch j-abc123 --timeout 1h\n"
      "quantctl job watch j-abc123 -o json\n";
  command.min_words = command.max_words = 1;
  command.run = Run;
  return command;
}

}  // namespace quantd
