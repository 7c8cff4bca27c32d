#include "client/cli/fetch_artifacts.h"

#include <unistd.h>

#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/blob_transfer.h"

namespace quantd {

std::string SafeFileName(const std::string& name) {
  std::string safe = name.substr(name.find_last_of("/\\") + 1);
  for (char& c : safe) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '_';
  }
  return safe.empty() || safe[0] == '.' ? "" : safe;
}

absl::Status PrepareDirectory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!std::filesystem::is_directory(directory, error) ||
      access(directory.c_str(), W_OK | X_OK) != 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "FILE_WRITE_FAILED",
                 absl::StrCat("cannot write into the directory ", directory,
                              "; give --out a directory that you may write"),
                 {{"file", directory}});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> FetchArtifacts(
    CommandContext& context, const std::vector<v1::Artifact>& artifacts,
    const std::string& directory) {
  RETURN_IF_ERROR(PrepareDirectory(directory));
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  BlobTransfer transfer(client);
  Progress progress = context.MakeProgress();
  std::vector<std::string> paths;
  std::set<std::string> names;
  for (const v1::Artifact& artifact : artifacts) {
    const std::string name = SafeFileName(artifact.name());
    if (name.empty() || !names.insert(name).second) {
      return Error(absl::StatusCode::kDataLoss, "ARTIFACT_CORRUPT",
                   absl::StrCat("the artifact name \"", artifact.name(),
                                "\" cannot be a file here; run the job again"),
                   {{"name", artifact.name()}});
    }
    paths.push_back((std::filesystem::path(directory) / name).string());
    RETURN_IF_ERROR(transfer.Fetch(
        artifact.blob(), paths.back(), [&](int64_t done, int64_t total) {
          progress.Update({"fetch " + name, done, total, "bytes"});
        }));
  }
  return paths;
}

}  // namespace quantd
