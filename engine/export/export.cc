#include "engine/export/export.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/export/deploy_model.h"
#include "engine/export/fake_quant_model.h"
#include "engine/export/quant_json.h"
#include "engine/export/quant_param_record.h"
#include "engine/export/record_file.h"
#include "engine/model/caffemodel.h"
#include "engine/model/prototxt.h"

namespace quantd {
namespace {

absl::Status CheckPrefix(const std::string& prefix) {
  bool legal = !prefix.empty() && prefix.size() <= 128;
  for (char c : prefix) {
    legal &= absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  }
  if (legal) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               absl::StrCat("\"", prefix, "\" cannot name the output files"),
               {{"option", "name"},
                {"value", prefix},
                {"allowed", "[A-Za-z0-9._-]{1,128}"}});
}

// `net` loses its blobs.
absl::Status AddNet(FileGroup group, const std::string& model_name,
                    const std::string& weights_name, caffe::NetParameter* net,
                    std::vector<ExportedFile>* files) {
  ASSIGN_OR_RETURN(std::string weights, SerializeCaffemodel(*net));
  for (caffe::LayerParameter& layer : *net->mutable_layer()) {
    layer.clear_blobs();
  }
  files->push_back({group, model_name, PrintPrototxt(*net)});
  files->push_back({group, weights_name, std::move(weights)});
  return absl::OkStatus();
}

// Adds `stem`_model.prototxt and `stem`_weights.caffemodel. `net` loses its
// blobs.
absl::Status AddModel(FileGroup group, const std::string& stem,
                      caffe::NetParameter* net,
                      std::vector<ExportedFile>* files) {
  return AddNet(group, absl::StrCat(stem, "_model.prototxt"),
                absl::StrCat(stem, "_weights.caffemodel"), net, files);
}

}  // namespace

absl::StatusOr<std::vector<ExportedFile>> ExportNet(
    FileGroup group, const std::string& model_name,
    const std::string& weights_name, caffe::NetParameter net) {
  std::vector<ExportedFile> files;
  RETURN_IF_ERROR(AddNet(group, model_name, weights_name, &net, &files));
  return files;
}

absl::StatusOr<std::vector<ExportedFile>> ExportSs928(
    const ExportInput& input) {
  RETURN_IF_ERROR(CheckPrefix(input.prefix));
  RETURN_IF_ERROR(
      ValidateRecord(input.record, input.fused_float, input.record_name));
  RETURN_IF_ERROR(CheckRecordCovers(input.record, input.plan));
  const amct::ScaleOffsetRecord record =
      RecordOfPlan(input.record, input.fused_float, input.plan);
  const std::string& prefix = input.prefix;
  std::vector<ExportedFile> files;

  ASSIGN_OR_RETURN(caffe::NetParameter deploy,
                   DeployModel(input.fused_float, input.plan, record));
  RETURN_IF_ERROR(
      AddModel(FileGroup::kDeploy, prefix + "_deploy", &deploy, &files));
  ASSIGN_OR_RETURN(caffe::NetParameter fake,
                   FakeQuantModel(input.fused_float, input.plan, record));
  RETURN_IF_ERROR(
      AddModel(FileGroup::kFakeQuant, prefix + "_fake_quant", &fake, &files));
  files.push_back(
      {FileGroup::kGraph, prefix + "_quant.json",
       QuantJson(prefix, input.original, fake, input.fusion, input.plan)});

  ASSIGN_OR_RETURN(const calibration::CalibrationParam param,
                   QuantParamRecord(input.fused_float, input.plan, record));
  files.push_back({FileGroup::kDeploy, prefix + "_quant_param_record.txt",
                   QuantParamRecordToText(param)});
  files.push_back({FileGroup::kDeploy, prefix + "_quant_param_record.bin",
                   param.SerializeAsString()});
  files.push_back({FileGroup::kChoices, prefix + "_config.json",
                   QuantConfigToJson(input.config)});
  files.push_back(
      {FileGroup::kChoices, input.record_name, RecordToText(record)});
  return files;
}

}  // namespace quantd
