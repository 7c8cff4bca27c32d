#include "client/cli/detection_flags.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "client/annotations.h"
#include "client/cli/model_flags.h"

namespace quantd {
namespace {

constexpr char kMethods[] = "11point, MaxIntegral or Integral";

absl::Status ReadMethod(const ParsedFlags& flags, v1::DetectionSpec* spec) {
  const std::string method = flags.Get("ap-method");
  if (method == "MaxIntegral") {
    spec->set_method(v1::DetectionSpec::METHOD_MAX_INTEGRAL);
  } else if (method == "Integral") {
    spec->set_method(v1::DetectionSpec::METHOD_INTEGRAL);
  } else if (!method.empty() && method != "11point") {
    return UsageError(
        absl::StrCat("--ap-method is \"", method, "\"; give ", kMethods));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<FlagSpec> DetectionFlags() {
  return {
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
  };
}

absl::StatusOr<absl::optional<DetectionRequest>> ReadDetection(
    const ParsedFlags& flags) {
  for (const char* name : {"label-map", "ap-method", "min-overlap"}) {
    if (!flags.Has("annotations") && flags.Has(name)) {
      return UsageError(
          absl::StrCat("--", name, " needs --annotations; add it"));
    }
  }
  if (!flags.Has("annotations")) return absl::nullopt;
  DetectionRequest request;
  RETURN_IF_ERROR(ReadMethod(flags, &request.spec));
  ASSIGN_OR_RETURN(const double bound, flags.GetDouble("min-overlap", 0.5));
  if (!(bound > 0 && bound <= 1)) {
    return UsageError(absl::StrCat("--min-overlap is ", bound,
                                   "; give a number above 0, at most 1"));
  }
  request.spec.set_min_overlap(static_cast<float>(bound));
  ASSIGN_OR_RETURN(
      Annotations annotations,
      ReadAnnotations(flags.Get("annotations"), flags.Get("label-map")));
  for (const auto& [label, name] : annotations.label_names) {
    (*request.spec.mutable_label_names())[label] = name;
  }
  request.truths = std::move(annotations.truths);
  return request;
}

absl::StatusOr<v1::DetectionSpec> UploadDetection(CommandContext& context,
                                                  DetectionRequest request) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / RandomId("quantctl");
  const fs::path path =
      folder / fs::path(context.flags().Get("annotations")).filename();
  FileSystem* const files = FileSystem::Posix();
  RETURN_IF_ERROR(files->MakeDirectory(folder.string()));
  const absl::Status written =
      files->WriteAtomic(path.string(), request.truths);
  absl::StatusOr<v1::BlobRef> blob = written.ok()
                                         ? UploadFile(context, path.string())
                                         : absl::StatusOr<v1::BlobRef>(written);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  ASSIGN_OR_RETURN(*request.spec.mutable_truths(), std::move(blob));
  return std::move(request.spec);
}

}  // namespace quantd
