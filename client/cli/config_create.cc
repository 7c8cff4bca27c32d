// quantctl config create: the configuration of every layer, to edit.
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/config_file.h"
#include "client/cli/make_one_file.h"
#include "client/cli/model_flags.h"
#include "client/cli/output/json.h"
#include "client/cli/output_flags.h"
#include "client/input_file.h"

namespace quantd {
namespace {

constexpr char kArtifact[] = "config.json";

// Everything that can be found wrong before anything is sent.
absl::Status Check(const ParsedFlags& flags) {
  for (const char* name : {"model", "weights", "config"}) {
    if (flags.Has(name)) RETURN_IF_ERROR(CheckInputFile(flags.Get(name)));
  }
  RETURN_IF_ERROR(ReadTarget(flags).status());
  return PrepareOutFile(flags.Get("out"), kArtifact);
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
  ASSIGN_OR_RETURN(const v1::Target target, ReadTarget(flags));
  inspect.set_target(target);
  const std::string out = flags.Get("out");
  v1::Job job;
  ASSIGN_OR_RETURN(const int code,
                   MakeOneFile(context, spec, kArtifact, out, &job));
  if (code != 0) return code;
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
      TargetFlag(),
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
