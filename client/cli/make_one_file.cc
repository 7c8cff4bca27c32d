#include "client/cli/make_one_file.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/blob_transfer.h"
#include "client/cli/fetch_artifacts.h"
#include "client/cli/follow_job.h"

namespace quantd {
namespace {

absl::Status FetchOne(CommandContext& context, const v1::Job& job,
                      const std::string& name, const std::string& path) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  for (const v1::Artifact& artifact : job.artifacts()) {
    if (artifact.name() != name) continue;
    return BlobTransfer(client).Fetch(artifact.blob(), path,
                                      [](int64_t, int64_t) {});
  }
  return Error(absl::StatusCode::kNotFound, "ARTIFACT_NOT_FOUND",
               absl::StrCat("job ", job.id(), " has no file ", name,
                            "; the server may be of another version"),
               {{"name", name}});
}

}  // namespace

absl::Status PrepareOutFile(const std::string& path,
                            const std::string& example) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return UsageError(absl::StrCat("--out is the directory ", path,
                                   "; give a file, as ", path, "/", example));
  }
  const std::string directory =
      std::filesystem::path(path).parent_path().string();
  return PrepareDirectory(directory.empty() ? "." : directory);
}

absl::StatusOr<int> MakeOneFile(CommandContext& context,
                                const v1::JobSpec& spec,
                                const std::string& name,
                                const std::string& path, v1::Job* job) {
  ASSIGN_OR_RETURN(*job, RunJobOnServer(context, spec));
  if (const int code = ReportJobEnd(context, *job); code != 0) return code;
  RETURN_IF_ERROR(FetchOne(context, *job, name, path));
  return 0;
}

}  // namespace quantd
