// quantctl calibrate: upload, submit, follow, fetch.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/config_file.h"
#include "client/cli/detection_flags.h"
#include "client/cli/make_files.h"
#include "client/cli/model_flags.h"
#include "client/cli/output_flags.h"
#include "client/input_file.h"

namespace quantd {
namespace {

constexpr int64_t kMaxBatches = 1 << 20;

absl::Status CheckShiftBit(const ParsedFlags& flags) {
  ASSIGN_OR_RETURN(const v1::Target target, ReadTarget(flags));
  if (!flags.Has("search-shift-bit") || target == v1::TARGET_ASCEND) {
    return absl::OkStatus();
  }
  return UsageError("--search-shift-bit is only for --target ascend");
}

// Everything that can be found wrong before anything is sent.
absl::Status Check(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  RETURN_IF_ERROR(CheckMakeFilesFlags(context));
  RETURN_IF_ERROR(CheckOutputFlags(flags));
  RETURN_IF_ERROR(CheckShiftBit(flags));
  RETURN_IF_ERROR(flags.GetInt("batch-num", 1, kMaxBatches, 0).status());
  RETURN_IF_ERROR(CheckModelFlags(flags));
  if (flags.Has("config")) RETURN_IF_ERROR(CheckInputFile(flags.Get("config")));
  if (flags.Has("eval-data")) {
    RETURN_IF_ERROR(CheckData(flags.GetAll("eval-data")));
  } else if (flags.Has("annotations")) {
    return UsageError("--annotations needs --eval-data; add it");
  }
  return PrepareOut(context);
}

// Records that the job reads; 0 when only the model can tell: then all of the
// data is sent.
absl::StatusOr<int64_t> RecordsNeeded(const ParsedFlags& flags) {
  ASSIGN_OR_RETURN(const int64_t batch_size,
                   flags.GetInt("batch-size", 1, kMaxBatches, 0));
  ASSIGN_OR_RETURN(const int64_t from_config,
                   BatchNumOfConfig(flags.Get("config"), kMaxBatches));
  ASSIGN_OR_RETURN(const int64_t batch_num,
                   flags.GetInt("batch-num", 1, kMaxBatches, from_config));
  return batch_size * batch_num;
}

absl::StatusOr<v1::JobSpec> UploadAll(
    CommandContext& context, absl::optional<DetectionRequest> detection) {
  const ParsedFlags& flags = context.flags();
  v1::JobSpec job;
  v1::CalibrateSpec& spec = *job.mutable_calibrate();
  ASSIGN_OR_RETURN(const int64_t num_records, RecordsNeeded(flags));
  ASSIGN_OR_RETURN(*spec.mutable_model(), UploadModel(context));
  ASSIGN_OR_RETURN(const v1::Transform transform, UploadTransform(context));
  if (transform.ByteSizeLong() > 0) *spec.mutable_transform() = transform;
  if (flags.Has("config")) {
    ASSIGN_OR_RETURN(*spec.mutable_config(),
                     UploadFile(context, flags.Get("config")));
  }
  ASSIGN_OR_RETURN(*spec.mutable_dataset_id(),
                   UploadData(context, flags.GetAll("data"), num_records));
  if (flags.Has("eval-data")) {
    ASSIGN_OR_RETURN(*spec.mutable_eval_dataset_id(),
                     UploadData(context, flags.GetAll("eval-data"), 0));
  }
  if (detection.has_value()) {
    ASSIGN_OR_RETURN(*spec.mutable_detection(),
                     UploadDetection(context, *std::move(detection)));
  }
  ASSIGN_OR_RETURN(const int64_t batch_size,
                   flags.GetInt("batch-size", 1, kMaxBatches, 0));
  ASSIGN_OR_RETURN(const int64_t batch_num,
                   flags.GetInt("batch-num", 1, kMaxBatches, 0));
  spec.set_batch_size(static_cast<int32_t>(batch_size));
  spec.set_batch_num(static_cast<int32_t>(batch_num));
  spec.set_name(flags.Get("name"));
  ASSIGN_OR_RETURN(const v1::SaveType save, ReadSaveType(flags));
  spec.set_save(save);
  ASSIGN_OR_RETURN(const v1::Target target, ReadTarget(flags));
  spec.set_target(target);
  spec.set_search_shift_bit(flags.Has("search-shift-bit"));
  spec.set_strict(flags.Has("strict"));
  spec.set_keep_intermediate(flags.Has("keep-intermediate"));
  return job;
}

absl::StatusOr<int> Run(CommandContext& context) {
  ASSIGN_OR_RETURN(absl::optional<DetectionRequest> detection,
                   ReadDetection(context.flags()));
  RETURN_IF_ERROR(Check(context));
  ASSIGN_OR_RETURN(const v1::JobSpec spec,
                   UploadAll(context, std::move(detection)));
  return MakeFiles(context, spec, "quantctl record show");
}

}  // namespace

Command CalibrateCommand() {
  Command command;
  command.name = "calibrate";
  command.summary = "quantize a trained model with calibration images";
  command.usage = "--model FILE --weights FILE --data DATA --out DIR [flags]";
  command.details =
      "Uploads what the server does not have, runs the job, shows its progress "
      "and\nwrites the quantized model, its factors and reports to DIR. With "
      "--eval-data the\naccuracy before and after is measured. Ctrl-C stops "
      "watching, not the job.";
  command.flags = ModelFlags();
  for (const FlagSpec& flag : std::vector<FlagSpec>{
           {"batch-num", "N",
            "forward passes; default: batch_num of the config"},
           {"config", "FILE", ConfigFlagHelp()},
           {"eval-data", "DATA",
            "measure the accuracy before and after on these images", false, 0,
            true},
           {"keep-intermediate", "",
            "write the models between the steps, too: modified_model.*, ..."},
           {"search-shift-bit", "",
            "for ascend: search the shifts of 16-bit sums, on the same images"},
           {"strict", "", "fail on findings that are warnings by default"},
       }) {
    command.flags.push_back(flag);
  }
  for (const FlagSpec& flag : DetectionFlags()) command.flags.push_back(flag);
  for (const FlagSpec& flag : OutputFlags()) command.flags.push_back(flag);
  for (const FlagSpec& flag : MakeFilesFlags()) command.flags.push_back(flag);
  command.examples =
      "quantctl calibrate --model lenet.prototxt --weights lenet.caffemodel "
      "\\\n"
      "    --data calibration_lmdb --eval-data test_lmdb --out quantized\n"
      "quantctl calibrate --local --model deploy.prototxt --weights "
      "net.caffemodel \\\n"
      "    --data lmdb --batch-size 32 --batch-num 2 --scale 0.00390625 --out "
      "out\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
