// quantctl config create: the configuration of every layer, to edit.
#include <filesystem>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/blob_transfer.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/config_file.h"
#include "client/cli/fetch_artifacts.h"
#include "client/cli/follow_job.h"
#include "client/cli/model_flags.h"
#include "client/cli/output/json.h"
#include "client/input_file.h"

namespace quantd {
namespace {

constexpr char kArtifact[] = "config.json";

// The directory of --out, created if missing.
absl::Status PrepareOut(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return UsageError(absl::StrCat("--out is the directory ", path,
                                   "; give a file, as ", path, "/config.json"));
  }
  const std::string directory =
      std::filesystem::path(path).parent_path().string();
  return PrepareDirectory(directory.empty() ? "." : directory);
}

// Everything that can be found wrong before anything is sent.
absl::Status Check(const ParsedFlags& flags) {
  for (const char* name : {"model", "weights", "config"}) {
    if (flags.Has(name)) RETURN_IF_ERROR(CheckInputFile(flags.Get(name)));
  }
  return PrepareOut(flags.Get("out"));
}

absl::Status FetchConfig(CommandContext& context, const v1::Job& job,
                         const std::string& path) {
  ASSIGN_OR_RETURN(Client * client, context.Connect());
  for (const v1::Artifact& artifact : job.artifacts()) {
    if (artifact.name() != kArtifact) continue;
    return BlobTransfer(client).Fetch(artifact.blob(), path,
                                      [](int64_t, int64_t) {});
  }
  return Error(absl::StatusCode::kNotFound, "ARTIFACT_NOT_FOUND",
               absl::StrCat("job ", job.id(), " has no file ", kArtifact,
                            "; the server may be of another version"),
               {{"name", kArtifact}});
}

void PrintResult(CommandContext& context, const v1::Job& job,
                 const std::string& path) {
  if (context.json()) return PrintJson(job, &context.out());
  if (context.name_only()) {
    context.out() << job.id() << "\n";
    return;
  }
  const v1::JobResult& result = job.result();
  Table table({"", ""});
  table.AddRow({"file", path});
  table.AddRow(
      {"layers.quantized", absl::StrCat(result.num_layers_quantized())});
  table.AddRow({"layers.float", absl::StrCat(result.num_layers_float())});
  context.Print(table);
}

absl::StatusOr<int> Run(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  RETURN_IF_ERROR(Check(flags));
  v1::JobSpec spec;
  v1::InspectSpec& inspect = *spec.mutable_inspect();
  ASSIGN_OR_RETURN(*inspect.mutable_model(), UploadModel(context));
  if (flags.Has("config")) {
    ASSIGN_OR_RETURN(*inspect.mutable_config(),
                     UploadFile(context, flags.Get("config")));
  }
  ASSIGN_OR_RETURN(const v1::Job job, RunJobOnServer(context, spec));
  if (const int code = ReportJobEnd(context, job); code != 0) return code;
  const std::string out = flags.Get("out");
  RETURN_IF_ERROR(FetchConfig(context, job, out));
  PrintResult(context, job, out);
  context.Hint(absl::StrCat(
      "edit ", out, " as you like; next: quantctl calibrate --config ", out));
  return 0;
}

}  // namespace

Command ConfigCreateCommand() {
  Command command;
  command.name = "config create";
  command.summary = "write a config.json with every layer and every default";
  command.usage = "--model FILE --out FILE [flags]";
  command.details =
      "Writes AMCT's config.json for a network: each layer that can be "
      "quantized, in\nthe order of the network, with all its parameters, to be "
      "edited and given to\n`quantctl calibrate --config`. With --config it "
      "starts from that file.";
  command.flags = {
      {"model", "FILE", "network, *.prototxt", true},
      {"weights", "FILE", "trained weights, *.caffemodel, checked if given"},
      {"config", "FILE", ConfigFlagHelp()},
      {"out", "FILE", "the config.json to write; an old one is replaced", true},
  };
  command.examples =
      "quantctl config create --model lenet.prototxt --out config.json\n"
      "quantctl config create --local --model lenet.prototxt --config "
      "quant.cfg "
      "\\\n"
      "    --out config.json\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
