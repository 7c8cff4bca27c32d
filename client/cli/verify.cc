// quantctl verify: does the deploy model compute what its fake-quant model
// shows?
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/cli/artifact_files.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/data_fields.h"
#include "client/cli/make_files.h"
#include "client/cli/model_flags.h"
#include "client/input_file.h"

namespace quantd {
namespace {

struct FileFlag {
  const char* name;
  std::string QuantizedFiles::*path;
};

constexpr FileFlag kFileFlags[] = {
    {"deploy-model", &QuantizedFiles::deploy_model},
    {"deploy-weights", &QuantizedFiles::deploy_weights},
    {"quant-param-record", &QuantizedFiles::quant_param_record},
    {"fake-quant-model", &QuantizedFiles::fake_quant_model},
    {"fake-quant-weights", &QuantizedFiles::fake_quant_weights},
};

// The files of --artifacts, or of the five flags.
absl::StatusOr<QuantizedFiles> ReadFiles(const ParsedFlags& flags) {
  const bool has_directory = flags.Has("artifacts");
  QuantizedFiles files;
  for (const FileFlag& flag : kFileFlags) {
    if (has_directory && flags.Has(flag.name)) {
      return UsageError(
          absl::StrCat("--artifacts excludes --", flag.name, "; remove one"));
    }
    const bool is_record = flag.path == &QuantizedFiles::quant_param_record;
    if (is_record && !flags.Has(flag.name) &&
        HasDequantLayers(files.deploy_model)) {
      continue;
    }
    if (!has_directory && !flags.Has(flag.name)) {
      return UsageError(absl::StrCat("--", flag.name,
                                     " is missing; add it, or --artifacts DIR "
                                     "instead of the five files"));
    }
    files.*flag.path = flags.Get(flag.name);
  }
  if (!has_directory) return files;
  return FindQuantizedFiles(flags.Get("artifacts"));
}

absl::StatusOr<QuantizedFiles> Check(const CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  RETURN_IF_ERROR(CheckMakeFilesFlags(context));
  ASSIGN_OR_RETURN(const QuantizedFiles files, ReadFiles(flags));
  RETURN_IF_ERROR(CheckDataFlags(flags));
  RETURN_IF_ERROR(MaxRecords(flags).status());
  for (const FileFlag& flag : kFileFlags) {
    if ((files.*flag.path).empty()) continue;
    RETURN_IF_ERROR(CheckInputFile(files.*flag.path));
  }
  RETURN_IF_ERROR(PrepareOut(context));
  return files;
}

absl::StatusOr<v1::JobSpec> UploadAll(CommandContext& context,
                                      const QuantizedFiles& files) {
  const ParsedFlags& flags = context.flags();
  v1::JobSpec job;
  v1::VerifySpec& spec = *job.mutable_verify();
  spec.set_name(flags.Get("name"));
  ASSIGN_OR_RETURN(*spec.mutable_deploy()->mutable_prototxt(),
                   UploadFile(context, files.deploy_model));
  ASSIGN_OR_RETURN(*spec.mutable_deploy()->mutable_weights(),
                   UploadFile(context, files.deploy_weights));
  if (!files.quant_param_record.empty()) {
    ASSIGN_OR_RETURN(*spec.mutable_quant_param_record(),
                     UploadFile(context, files.quant_param_record));
  }
  ASSIGN_OR_RETURN(*spec.mutable_fake_quant()->mutable_prototxt(),
                   UploadFile(context, files.fake_quant_model));
  ASSIGN_OR_RETURN(*spec.mutable_fake_quant()->mutable_weights(),
                   UploadFile(context, files.fake_quant_weights));
  RETURN_IF_ERROR(SetDataFields(context, &spec));
  return job;
}

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(const QuantizedFiles files, Check(context));
  ASSIGN_OR_RETURN(const v1::JobSpec spec, UploadAll(context, files));
  return MakeFiles(context, spec, "quantctl job show");
}

}  // namespace

Command VerifyCommand() {
  Command command;
  command.name = "verify";
  command.summary = "prove that the deploy model computes what was simulated";
  command.usage = "--artifacts DIR --data DATA [flags]";
  command.details =
      "Runs the deploy model with integers and its fake-quant model with "
      "floats on the\n"
      "same images, and counts the integers that differ, layer by layer: "
      "weights,\n"
      "inputs and sums; as a table, as JSON and as an HTML report in DIR. PASS "
      "means\n"
      "that each layer differs by rounding alone (one step, under 0.01 % of "
      "the\n"
      "integers) and that 99.9 % of the images keep their top-1 class. Exits "
      "with 1\n"
      "if it is FAIL.";
  command.flags = {
      {"artifacts", "DIR",
       "the --out directory of calibrate or convert; or give the next five"},
      {"deploy-model", "FILE", "*_deploy_model.prototxt"},
      {"deploy-weights", "FILE", "*_deploy_weights.caffemodel"},
      {"quant-param-record", "FILE",
       "*_quant_param_record.txt or .bin; none for ascend's models"},
      {"fake-quant-model", "FILE", "*_fake_quant_model.prototxt"},
      {"fake-quant-weights", "FILE", "*_fake_quant_weights.caffemodel"},
  };
  for (const FlagSpec& flag : DataFlags()) command.flags.push_back(flag);
  for (const FlagSpec& flag : std::vector<FlagSpec>{
           {"max-records", "N", "only the first N images; default: all"},
           {"name", "NAME",
            "prefix of the files; default: the prototxt's name"},
       }) {
    command.flags.push_back(flag);
  }
  for (const FlagSpec& flag : MakeFilesFlags()) command.flags.push_back(flag);
  command.examples =
      "quantctl calibrate --model net.prototxt --weights net.caffemodel \\\n"
      "    --data calibration_lmdb --out quantized\n"
      "quantctl verify --artifacts quantized --data test_lmdb --out verified\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
