// quantctl convert: upload, submit, follow, fetch.
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/make_files.h"
#include "client/cli/model_flags.h"
#include "client/cli/output_flags.h"
#include "client/input_file.h"

namespace quantd {
namespace {

// Everything that can be found wrong before anything is sent.
absl::Status Check(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  RETURN_IF_ERROR(CheckMakeFilesFlags(context));
  RETURN_IF_ERROR(CheckOutputFlags(flags));
  RETURN_IF_ERROR(CheckModelFileFlags(flags));
  RETURN_IF_ERROR(CheckInputFile(flags.Get("record")));
  return PrepareOut(context);
}

absl::StatusOr<v1::JobSpec> UploadAll(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  v1::JobSpec job;
  v1::ConvertSpec& spec = *job.mutable_convert();
  ASSIGN_OR_RETURN(*spec.mutable_model(), UploadModel(context));
  ASSIGN_OR_RETURN(*spec.mutable_record(),
                   UploadFile(context, flags.Get("record")));
  spec.set_name(flags.Get("name"));
  ASSIGN_OR_RETURN(const v1::SaveType save, ReadSaveType(flags));
  spec.set_save(save);
  ASSIGN_OR_RETURN(const v1::Target target, ReadTarget(flags));
  spec.set_target(target);
  return job;
}

absl::StatusOr<int> Run(CommandContext& context) {
  RETURN_IF_ERROR(Check(context));
  ASSIGN_OR_RETURN(const v1::JobSpec spec, UploadAll(context));
  return MakeFiles(context, spec, "quantctl record show");
}

}  // namespace

Command ConvertCommand() {
  Command command;
  command.name = "convert";
  command.summary = "quantize a trained model by factors of your own";
  command.usage = "--model FILE --weights FILE --record FILE --out DIR [flags]";
  command.details =
      "Builds the quantized model from AMCT's scale_offset_record.txt, "
      "without\n"
      "data: what AMCT's convert_model does. The layers in the record are\n"
      "quantized, no others. Factors must be those of the network with "
      "BatchNorm\n"
      "fused, except for layers with skip_fusion.";
  command.flags = ModelFileFlags();
  command.flags.push_back(
      {"record", "FILE", "scale and offset of each layer, *.txt", true});
  for (const FlagSpec& flag : OutputFlags()) command.flags.push_back(flag);
  for (const FlagSpec& flag : MakeFilesFlags()) command.flags.push_back(flag);
  command.examples =
      "quantctl convert --model lenet.prototxt --weights lenet.caffemodel \\\n"
      "    --record scale_offset_record.txt --out quantized\n"
      "quantctl convert --local --model deploy.prototxt --weights "
      "net.caffemodel \\\n"
      "    --record record.txt --save deploy --name net --out out\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
