#include "client/cli/artifact_files.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "client/cli/flags.h"

namespace quantd {
namespace {

namespace fs = std::filesystem;

constexpr char kDeployModel[] = "_deploy_model.prototxt";

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// What stands before _deploy_model.prototxt, with the directory.
std::vector<std::string> FindStems(const std::string& directory) {
  std::vector<std::string> stems;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    const std::string path = it->path().string();
    if (!absl::EndsWith(path, kDeployModel)) continue;
    stems.emplace_back(absl::StripSuffix(path, kDeployModel));
  }
  return stems;
}

}  // namespace

absl::StatusOr<QuantizedFiles> FindQuantizedFiles(
    const std::string& directory) {
  const std::vector<std::string> stems = FindStems(directory);
  if (stems.empty()) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "FILE_NOT_FOUND",
        absl::StrCat("directory \"", directory, "\" has no *", kDeployModel,
                     "; give the --out directory of a job that wrote "
                     "deploy and fake-quant model"),
        {{"file", directory}});
  }
  if (stems.size() > 1) {
    return UsageError(absl::StrCat("directory \"", directory, "\" has ",
                                   stems.size(), " files *", kDeployModel,
                                   "; name the five files instead"));
  }
  QuantizedFiles files;
  files.deploy_model = stems[0] + kDeployModel;
  files.deploy_weights = stems[0] + "_deploy_weights.caffemodel";
  files.fake_quant_model = stems[0] + "_fake_quant_model.prototxt";
  files.fake_quant_weights = stems[0] + "_fake_quant_weights.caffemodel";
  files.quant_param_record = stems[0] + "_quant_param_record.txt";
  if (HasDequantLayers(files.deploy_model)) {
    files.quant_param_record.clear();
    return files;
  }
  for (const std::string& path : {stems[0] + "_quant_param_record.txt",
                                  stems[0] + "_quant_param_record.bin",
                                  directory + "/quant_param_record.txt",
                                  directory + "/quant_param_record.bin"}) {
    if (!Exists(path)) continue;
    files.quant_param_record = path;
    break;
  }
  return files;
}

bool HasDequantLayers(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (absl::StrContains(line, "\"DeQuant\"")) return true;
  }
  return false;
}

}  // namespace quantd
