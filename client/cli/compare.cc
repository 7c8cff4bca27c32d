// quantctl compare: what quantization changed, blob by blob.
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/data_fields.h"
#include "client/cli/make_files.h"
#include "client/cli/model_flags.h"
#include "client/input_file.h"

namespace quantd {
namespace {

absl::Status Check(const CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  RETURN_IF_ERROR(CheckMakeFilesFlags(context));
  RETURN_IF_ERROR(CheckModelFlags(flags));
  RETURN_IF_ERROR(MaxRecords(flags).status());
  RETURN_IF_ERROR(CheckInputFile(flags.Get("quantized-model")));
  RETURN_IF_ERROR(CheckInputFile(flags.Get("quantized-weights")));
  return PrepareOut(context);
}

absl::StatusOr<v1::JobSpec> UploadAll(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  v1::JobSpec job;
  v1::CompareSpec& spec = *job.mutable_compare();
  spec.set_name(flags.Get("name"));
  ASSIGN_OR_RETURN(*spec.mutable_model(), UploadModel(context));
  ASSIGN_OR_RETURN(*spec.mutable_quantized()->mutable_prototxt(),
                   UploadFile(context, flags.Get("quantized-model")));
  ASSIGN_OR_RETURN(*spec.mutable_quantized()->mutable_weights(),
                   UploadFile(context, flags.Get("quantized-weights")));
  RETURN_IF_ERROR(SetDataFields(context, &spec));
  return job;
}

absl::StatusOr<int> Run(CommandContext& context) {
  RETURN_IF_ERROR(Check(context));
  ASSIGN_OR_RETURN(const v1::JobSpec spec, UploadAll(context));
  return MakeFiles(context, spec, "quantctl job show");
}

}  // namespace

Command CompareCommand() {
  Command command;
  command.name = "compare";
  command.summary = "show what quantization changed, layer by layer";
  command.usage = "--model FILE --quantized-model FILE --data DATA [flags]";
  command.details =
      "Runs the float model and its fake-quant model on the same images. For "
      "each blob\nthat both have: cosine similarity, signal to noise ratio, "
      "largest and mean error\nand the share of clipped values, the most "
      "harmed first; as a table, as JSON and\nas an HTML report in DIR.";
  command.flags = ModelFlags();
  for (const FlagSpec& flag : std::vector<FlagSpec>{
           {"quantized-model", "FILE", "fake-quant network, *.prototxt", true},
           {"quantized-weights", "FILE", "its weights, *.caffemodel", true},
           {"max-records", "N", "only the first N images; default: all"},
           {"name", "NAME",
            "prefix of the files; default: the prototxt's name"},
       }) {
    command.flags.push_back(flag);
  }
  for (const FlagSpec& flag : MakeFilesFlags()) command.flags.push_back(flag);
  command.examples =
      "quantctl compare --model deploy.prototxt --weights net.caffemodel \\\n"
      "    --quantized-model quantized/net_fake_quant_model.prototxt \\\n"
      "    --quantized-weights quantized/net_fake_quant_weights.caffemodel \\\n"
      "    --data test_lmdb --max-records 64 --out compared\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
