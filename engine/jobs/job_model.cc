#include "engine/jobs/job_model.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/jobs/net_files.h"
#include "engine/model/load_model.h"

namespace quantd {
namespace {

absl::StatusOr<std::string> ReadNonEmpty(const v1::BlobRef& blob,
                                         const JobInputs& inputs,
                                         const std::string& reason) {
  ASSIGN_OR_RETURN(std::string bytes, inputs.read_blob(blob));
  if (!bytes.empty()) return bytes;
  return Error(absl::StatusCode::kInvalidArgument, reason,
               absl::StrCat("file \"", blob.file_name(),
                            "\" is empty; pass the complete file"),
               {{"file", blob.file_name()}});
}

}  // namespace

absl::StatusOr<caffe::NetParameter> LoadJobModel(const v1::Model& model,
                                                 const JobInputs& inputs,
                                                 JobMonitor* monitor) {
  ASSIGN_OR_RETURN(const std::string prototxt,
                   ReadNonEmpty(model.prototxt(), inputs, "PROTOTXT_EMPTY"));
  std::string weights;
  if (model.has_weights()) {
    ASSIGN_OR_RETURN(weights,
                     ReadNonEmpty(model.weights(), inputs, "CAFFEMODEL_EMPTY"));
  }
  ASSIGN_OR_RETURN(LoadedModel loaded,
                   LoadModel(prototxt, model.prototxt().file_name(), weights,
                             model.weights().file_name()));
  for (const std::string& warning : loaded.warnings) {
    Warn("MODEL_WARNING", warning, monitor);
  }
  return std::move(loaded.net);
}

absl::StatusOr<caffe::NetParameter> ReadJobModel(const v1::Model& model,
                                                 const JobInputs& inputs,
                                                 JobMonitor* monitor) {
  ASSIGN_OR_RETURN(caffe::NetParameter net,
                   LoadJobModel(model, inputs, monitor));
  RETURN_IF_ERROR(RefuseFiles(net));
  return net;
}

absl::StatusOr<std::string> DatasetPath(const JobInputs& inputs,
                                        const std::string& id) {
  const auto path = inputs.dataset_paths.find(id);
  if (path != inputs.dataset_paths.end()) return path->second;
  return Error(absl::StatusCode::kInternal, "DATASET_NOT_FOUND",
               absl::StrCat("data set ", id, " was not given to the worker"),
               {{"name", id}});
}

void WarnOfMirror(const caffe::TransformationParameter& transform,
                  JobMonitor* monitor) {
  if (!transform.mirror()) return;
  Warn("TRANSFORM_IGNORED",
       "transform_param.mirror is true: Caffe would flip images at random, "
       "here none is flipped",
       monitor);
}

void Warn(const std::string& reason, const std::string& message,
          JobMonitor* monitor) {
  v1::JobWarning warning;
  warning.set_reason(reason);
  warning.set_message(message);
  monitor->OnWarning(warning);
}

}  // namespace quantd
