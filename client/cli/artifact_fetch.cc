// quantctl artifact fetch.
#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/fetch_artifacts.h"
#include "client/cli/output/format.h"
#include "client/cli/output/json.h"

namespace quantd {
namespace {

// Those of the job that are named, or all.
absl::StatusOr<std::vector<v1::Artifact>> Choose(
    const v1::Job& job, const std::vector<std::string>& names) {
  const std::vector<v1::Artifact> all(job.artifacts().begin(),
                                      job.artifacts().end());
  if (names.empty()) return all;
  std::vector<v1::Artifact> chosen;
  for (const std::string& name : names) {
    const auto found = std::find_if(
        all.begin(), all.end(),
        [&](const v1::Artifact& artifact) { return artifact.name() == name; });
    if (found == all.end()) {
      return Error(absl::StatusCode::kNotFound, "ARTIFACT_NOT_FOUND",
                   absl::StrCat("job ", job.id(), " has no artifact \"", name,
                                "\"; `quantctl artifact list ", job.id(),
                                "` lists them"),
                   {{"name", name}});
    }
    chosen.push_back(*found);
  }
  return chosen;
}

absl::StatusOr<int> Run(CommandContext& context) {
  const std::vector<std::string>& words = context.flags().words();
  const std::string out =
      context.flags().Get("out").empty() ? "." : context.flags().Get("out");
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  ASSIGN_OR_RETURN(const v1::Job job, client->GetJob(words[0]));
  ASSIGN_OR_RETURN(const auto chosen,
                   Choose(job, {words.begin() + 1, words.end()}));
  if (chosen.empty()) {
    return Error(
        absl::StatusCode::kNotFound, "ARTIFACT_NOT_FOUND",
        absl::StrCat("job ", job.id(), " has no artifacts, it is ",
                     StateName(job.state()), "; wait with `quantctl job watch ",
                     job.id(), "`"));
  }
  ASSIGN_OR_RETURN(const auto paths, FetchArtifacts(context, chosen, out));
  Table table({"FILE", ">SIZE"});
  for (size_t i = 0; i < paths.size(); ++i) {
    if (context.json()) PrintJson(chosen[i], &context.out());
    if (context.name_only()) context.out() << paths[i] << "\n";
    const int64_t size = chosen[i].blob().size_bytes();
    table.AddRow({paths[i], Cell(FormatBytes(size), absl::StrCat(size))});
  }
  if (!context.json() && !context.name_only()) context.Print(table);
  context.Hint(absl::StrCat("wrote ", paths.size(), " files to ", out,
                            "; next: quantctl record show ", job.id()));
  return 0;
}

}  // namespace

Command ArtifactFetchCommand() {
  Command command;
  command.name = "artifact fetch";
  command.summary = "download the files of a job";
  command.usage = "JOB [NAME...] [flags]";
  command.details =
      "Writes all files, or those that are named. Digests are verified; files "
      "that are\nthere already are not fetched again, and a broken download "
      "goes on.";
  command.flags = {{"out", "DIR", "directory, created if missing; default ."}};
  command.examples = "quantctl artifact fetch j-abc123 --out quantized\n";
  command.min_words = 1;
  command.max_words = 1000;
  command.run = Run;
  return command;
}

}  // namespace quantd
