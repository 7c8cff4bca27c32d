#include "client/cli/make_files.h"

#include <ostream>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/exit_code.h"
#include "client/cli/fetch_artifacts.h"
#include "client/cli/follow_job.h"
#include "client/cli/job_report.h"
#include "client/cli/output/json.h"

namespace quantd {
namespace {

absl::StatusOr<int> Submit(CommandContext& context, const v1::JobSpec& spec) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  ASSIGN_OR_RETURN(const v1::Job job,
                   client->CreateJob(spec, context.RequestId()));
  if (context.json()) {
    PrintJson(job, &context.out());
  } else {
    context.out() << job.id() << "\n";
  }
  const std::string out = context.flags().Get("out");
  context.Hint(absl::StrCat("next: quantctl job watch ", job.id(),
                            ", then quantctl artifact fetch ", job.id(),
                            out.empty() ? "" : " --out ", out));
  return 0;
}

}  // namespace

std::vector<FlagSpec> MakeFilesFlags() {
  return {
      {"detach", "", "print the job's id and return; fetch the files later"},
      {"out", "DIR", "directory for the files, created if missing"},
  };
}

absl::Status CheckMakeFilesFlags(const CommandContext& context) {
  const bool detach = context.flags().Has("detach");
  if (detach && context.settings().local) {
    return UsageError(
        "--detach excludes --local: the private server would end "
        "with this command; remove one");
  }
  if (!detach && context.flags().Get("out").empty()) {
    return UsageError("--out is missing; add --out DIR, or --detach");
  }
  return absl::OkStatus();
}

absl::Status PrepareOut(const CommandContext& context) {
  if (context.flags().Has("detach")) return absl::OkStatus();
  return PrepareDirectory(context.flags().Get("out"));
}

absl::StatusOr<int> MakeFiles(CommandContext& context, const v1::JobSpec& spec,
                              const std::string& next) {
  if (context.flags().Has("detach")) return Submit(context, spec);
  ASSIGN_OR_RETURN(const v1::Job job, RunJobOnServer(context, spec));
  if (const int code = ReportJobEnd(context, job); code != 0) return code;
  const std::string out = context.flags().Get("out");
  ASSIGN_OR_RETURN(
      const std::vector<std::string> paths,
      FetchArtifacts(context, {job.artifacts().begin(), job.artifacts().end()},
                     out));
  if (context.json()) {
    PrintJson(job, &context.out());
  } else if (context.name_only()) {
    context.out() << job.id() << "\n";
  } else {
    PrintJobReport(context, job, paths);
  }
  const bool has_next = !next.empty() && !context.settings().local;
  context.Hint(absl::StrCat(
      "wrote ", paths.size(), " files to ", out,
      has_next ? absl::StrCat("; next: ", next, " ", job.id()) : ""));
  return ExitCodeOf(job.result());
}

}  // namespace quantd
