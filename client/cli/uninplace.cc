// quantctl uninplace: a network without in-place layers.
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/make_one_file.h"
#include "client/cli/model_flags.h"
#include "client/cli/output/json.h"
#include "client/input_file.h"

namespace quantd {
namespace {

constexpr char kArtifact[] = "uninplace.prototxt";

absl::StatusOr<int> Run(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  const std::string out = flags.Get("out");
  for (const char* name : {"model", "weights"}) {
    if (flags.Has(name)) RETURN_IF_ERROR(CheckInputFile(flags.Get(name)));
  }
  RETURN_IF_ERROR(PrepareOutFile(out, kArtifact));
  v1::JobSpec spec;
  ASSIGN_OR_RETURN(*spec.mutable_uninplace()->mutable_model(),
                   UploadModel(context));
  v1::Job job;
  ASSIGN_OR_RETURN(const int code,
                   MakeOneFile(context, spec, kArtifact, out, &job));
  if (code != 0) return code;
  if (context.json()) {
    PrintJson(job, &context.out());
  } else if (context.name_only()) {
    context.out() << job.id() << "\n";
  } else {
    Table table({"", ""});
    table.AddRow({"file", out});
    context.Print(table);
  }
  return 0;
}

}  // namespace

Command UninplaceCommand() {
  Command command;
  command.name = "uninplace";
  command.summary = "write a network whose layers do not work in place";
  command.usage = "--model FILE --out FILE [flags]";
  command.details =
      "AMCT's uninplace_model: a layer whose top is one of its bottoms writes "
      "a "
      "blob of\nits own name, and later layers read that. Layers of phase "
      "TRAIN "
      "are left out.\nLayers keep their names, so that the weights fit.";
  command.flags = {
      {"model", "FILE", "network, *.prototxt", true},
      {"weights", "FILE", "trained weights, *.caffemodel, checked if given"},
      {"out", "FILE", "the prototxt to write; an old one is replaced", true},
  };
  command.examples =
      "quantctl uninplace --model net.prototxt --out net_uninplace.prototxt\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
