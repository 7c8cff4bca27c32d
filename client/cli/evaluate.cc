// quantctl evaluate: the accuracy of a model on labelled images.
#include <filesystem>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "client/annotations.h"
#include "client/cli/command.h"
#include "client/cli/command_context.h"
#include "client/cli/data_fields.h"
#include "client/cli/follow_job.h"
#include "client/cli/job_report.h"
#include "client/cli/model_flags.h"
#include "client/cli/output/json.h"

namespace quantd {
namespace {

constexpr char kMethods[] = "11point, MaxIntegral or Integral";

// The numbers and names of DetectionSpec. Errors: USAGE; those of
// ReadAnnotations().
absl::StatusOr<v1::DetectionSpec> ReadDetection(const ParsedFlags& flags,
                                                std::string* truths) {
  v1::DetectionSpec spec;
  for (const char* name : {"label-map", "ap-method", "min-overlap"}) {
    if (!flags.Has("annotations") && flags.Has(name)) {
      return UsageError(
          absl::StrCat("--", name, " needs --annotations; add it"));
    }
  }
  const std::string method = flags.Get("ap-method");
  if (method == "MaxIntegral") {
    spec.set_method(v1::DetectionSpec::METHOD_MAX_INTEGRAL);
  } else if (method == "Integral") {
    spec.set_method(v1::DetectionSpec::METHOD_INTEGRAL);
  } else if (!method.empty() && method != "11point") {
    return UsageError(
        absl::StrCat("--ap-method is \"", method, "\"; give ", kMethods));
  }
  ASSIGN_OR_RETURN(const double bound, flags.GetDouble("min-overlap", 0.5));
  if (!(bound > 0 && bound <= 1)) {
    return UsageError(absl::StrCat("--min-overlap is ", bound,
                                   "; give a number above 0, at most 1"));
  }
  spec.set_min_overlap(static_cast<float>(bound));
  if (!flags.Has("annotations")) return spec;
  ASSIGN_OR_RETURN(
      Annotations annotations,
      ReadAnnotations(flags.Get("annotations"), flags.Get("label-map")));
  for (const auto& [label, name] : annotations.label_names) {
    (*spec.mutable_label_names())[label] = name;
  }
  *truths = std::move(annotations.truths);
  return spec;
}

// Uploads `truths` under the name of the list that they come from.
absl::StatusOr<v1::BlobRef> UploadTruths(CommandContext& context,
                                         const std::string& truths) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / RandomId("quantctl");
  const fs::path path =
      folder / fs::path(context.flags().Get("annotations")).filename();
  FileSystem* const files = FileSystem::Posix();
  RETURN_IF_ERROR(files->MakeDirectory(folder.string()));
  const absl::Status written = files->WriteAtomic(path.string(), truths);
  absl::StatusOr<v1::BlobRef> blob = written.ok()
                                         ? UploadFile(context, path.string())
                                         : absl::StatusOr<v1::BlobRef>(written);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  return blob;
}

absl::StatusOr<int> Run(CommandContext& context) {
  const ParsedFlags& flags = context.flags();
  RETURN_IF_ERROR(CheckModelFlags(flags));
  RETURN_IF_ERROR(MaxRecords(flags).status());
  std::string truths;
  ASSIGN_OR_RETURN(v1::DetectionSpec detection, ReadDetection(flags, &truths));
  v1::JobSpec job_spec;
  v1::EvaluateSpec& spec = *job_spec.mutable_evaluate();
  ASSIGN_OR_RETURN(*spec.mutable_model(), UploadModel(context));
  if (flags.Has("annotations")) {
    ASSIGN_OR_RETURN(*detection.mutable_truths(),
                     UploadTruths(context, truths));
    *spec.mutable_detection() = detection;
  }
  RETURN_IF_ERROR(SetDataFields(context, &spec));
  ASSIGN_OR_RETURN(const v1::Job job, RunJobOnServer(context, job_spec));
  if (const int code = ReportJobEnd(context, job); code != 0) return code;
  if (context.json()) {
    PrintJson(job, &context.out());
  } else if (context.name_only()) {
    context.out() << job.id() << "\n";
  } else {
    PrintJobReport(context, job, {});
  }
  if (!context.settings().local) {
    context.Hint("next: quantctl job show " + job.id());
  }
  return 0;
}

}  // namespace

Command EvaluateCommand() {
  Command command;
  command.name = "evaluate";
  command.summary = "measure top-1, top-5 and loss of a model, or its mAP";
  command.usage = "--model FILE --weights FILE --data DATA [flags]";
  command.details =
      "Runs the network over the images once and compares its scores with the "
      "labels.\nThe network's Accuracy layers are measured, too, each by its "
      "name. The model may\nbe a float one or a fake-quant one.";
  command.flags = ModelFlags();
  for (const FlagSpec& flag : std::vector<FlagSpec>{
           {"max-records", "N", "only the first N images; default: all"},
           {"annotations", "FILE",
            "measure the average precision of a DetectionOutput layer: a list "
            "\"IMAGE ANNOTATION.xml\" of VOC files, in the order of the data, "
            "or lines \"RECORD LABEL XMIN YMIN XMAX YMAX DIFFICULT\", record "
            "from 0, box as shares of the image"},
           {"label-map", "FILE",
            "labels of VOC's names, as SSD's labelmap_voc.prototxt"},
           {"ap-method", "NAME",
            absl::StrCat(kMethods, ", as in SSD; default: 11point")},
           {"min-overlap", "SHARE",
            "of the union that a right box shares with a true one; default: "
            "0.5"},
       }) {
    command.flags.push_back(flag);
  }
  command.examples =
      "quantctl evaluate --model deploy.prototxt --weights net.caffemodel \\\n"
      "    --data test_lmdb --scale 0.00390625\n"
      "quantctl evaluate --model net.prototxt --weights net.caffemodel \\\n"
      "    --data image=images.npy --data box=boxes.npy --data "
      "label=labels.npy\n";
  command.allows_local = true;
  command.run = Run;
  return command;
}

}  // namespace quantd
