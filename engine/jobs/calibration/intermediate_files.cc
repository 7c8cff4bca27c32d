#include "engine/jobs/calibration/intermediate_files.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "engine/export/calibration_model.h"
#include "engine/jobs/calibration/quantized_model.h"
#include "engine/jobs/calibration/update_batch_norm.h"

namespace quantd {
namespace {

// `layer` as the begin of a file name.
std::string FileNameOf(const std::string& layer) {
  std::string name;
  for (const char c : layer) {
    const bool is_plain = absl::ascii_isalnum(c) || c == '_' || c == '-' ||
                          (c == '.' && !name.empty());
    absl::StrAppend(
        &name, is_plain
                   ? std::string(1, c)
                   : absl::StrFormat("%%%02X", static_cast<unsigned char>(c)));
  }
  return name;
}

absl::StatusOr<std::vector<ExportedFile>> ModelFiles(const std::string& stem,
                                                     caffe::NetParameter net) {
  return ExportNet(FileGroup::kIntermediate, stem + ".prototxt",
                   stem + ".caffemodel", std::move(net));
}

}  // namespace

absl::StatusOr<std::vector<ExportedFile>> CalibratedModelFiles(
    const QuantConfig& config, const QuantPlan& plan, caffe::NetParameter net) {
  const bool updated = config.update_bn;
  return ModelFiles(updated ? "activation_modified_model" : "modified_model",
                    CalibrationModel(std::move(net), plan, config.batch_num,
                                     updated ? kUpdatedRecordFile : kRecordFile,
                                     config.target));
}

absl::StatusOr<std::vector<ExportedFile>> BnUpdateFiles(
    const QuantConfig& config, caffe::NetParameter net) {
  std::vector<ExportedFile> dumps;
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layer.type() != "BatchNorm") continue;
    for (int i = 0; i < layer.blobs_size(); ++i) {
      dumps.push_back(
          {FileGroup::kIntermediate,
           absl::StrCat(FileNameOf(layer.name()), ".", i, ".binaryproto"),
           layer.blobs(i).SerializeAsString()});
    }
  }
  ASSIGN_OR_RETURN(
      std::vector<ExportedFile> files,
      ModelFiles("modified_model",
                 WithBatchStatistics(std::move(net), config.bn_update)));
  for (ExportedFile& dump : dumps) files.push_back(std::move(dump));
  return files;
}

}  // namespace quantd
