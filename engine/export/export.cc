#include "engine/export/export.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/export/cann_record.h"
#include "engine/export/deploy_model.h"
#include "engine/export/dequant_layers.h"
#include "engine/export/fake_quant_model.h"
#include "engine/export/quant_json.h"
#include "engine/export/quant_param_record.h"
#include "engine/export/record_file.h"
#include "engine/graph/insert_quant_layers.h"
#include "engine/model/caffemodel.h"
#include "engine/model/cann_offset.h"
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
                    const std::string& weights_name, Target target,
                    caffe::NetParameter* net,
                    std::vector<ExportedFile>* files) {
  const bool is_cann = target == Target::kAscend;
  if (is_cann) StoreCannOffsets(net);
  ASSIGN_OR_RETURN(std::string weights, SerializeCaffemodel(*net));
  if (is_cann) LoadCannOffsets(net);
  for (caffe::LayerParameter& layer : *net->mutable_layer()) {
    layer.clear_blobs();
  }
  files->push_back({group, model_name,
                    is_cann ? PrintCannPrototxt(*net) : PrintPrototxt(*net)});
  files->push_back({group, weights_name, std::move(weights)});
  return absl::OkStatus();
}

// Adds `stem`_model.prototxt and `stem`_weights.caffemodel. `net` loses its
// blobs.
absl::Status AddModel(FileGroup group, const std::string& stem, Target target,
                      caffe::NetParameter* net,
                      std::vector<ExportedFile>* files) {
  return AddNet(group, absl::StrCat(stem, "_model.prototxt"),
                absl::StrCat(stem, "_weights.caffemodel"), target, net, files);
}

// The part of the record that is written, after all checks of the input.
absl::StatusOr<amct::ScaleOffsetRecord> CheckedRecord(
    const ExportInput& input) {
  RETURN_IF_ERROR(CheckPrefix(input.prefix));
  RETURN_IF_ERROR(
      ValidateRecord(input.record, input.fused_float, input.record_name));
  RETURN_IF_ERROR(CheckRecordCovers(input.record, input.plan));
  return RecordOfPlan(input.record, input.fused_float, input.plan);
}

// quant.json belongs to the fake-quant model `fake`.
ExportedFile GraphFile(const ExportInput& input,
                       const caffe::NetParameter& fake) {
  return {
      FileGroup::kGraph, input.prefix + "_quant.json",
      QuantJson(input.prefix, input.original, fake, input.fusion, input.plan)};
}

ExportedFile ConfigFile(const ExportInput& input) {
  return {FileGroup::kChoices, input.prefix + "_config.json",
          QuantConfigToJson(input.config)};
}

// `net` with the plan's layers between Quant and DeQuant layers, as CANN's
// schema has them.
absl::StatusOr<caffe::NetParameter> CannNet(
    caffe::NetParameter net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record, DequantBlobs blobs) {
  for (caffe::LayerParameter& layer : *net.mutable_layer()) {
    if (layer.type() != "Quant") continue;
    // SS928's fields.
    layer.mutable_quant_param()->clear_index();
    layer.mutable_quant_param()->clear_num_bits_d();
  }
  return InsertDequantLayers(std::move(net), plan, record, blobs);
}

}  // namespace

absl::StatusOr<std::vector<ExportedFile>> ExportNet(
    FileGroup group, const std::string& model_name,
    const std::string& weights_name, caffe::NetParameter net) {
  std::vector<ExportedFile> files;
  RETURN_IF_ERROR(
      AddNet(group, model_name, weights_name, Target::kSs928, &net, &files));
  return files;
}

absl::StatusOr<std::vector<ExportedFile>> ExportSs928(
    const ExportInput& input) {
  ASSIGN_OR_RETURN(const amct::ScaleOffsetRecord record, CheckedRecord(input));
  const std::string& prefix = input.prefix;
  std::vector<ExportedFile> files;

  ASSIGN_OR_RETURN(caffe::NetParameter deploy,
                   DeployModel(input.fused_float, input.plan, record));
  RETURN_IF_ERROR(AddModel(FileGroup::kDeploy, prefix + "_deploy",
                           Target::kSs928, &deploy, &files));
  ASSIGN_OR_RETURN(caffe::NetParameter fake,
                   FakeQuantModel(input.fused_float, input.plan, record));
  RETURN_IF_ERROR(AddModel(FileGroup::kFakeQuant, prefix + "_fake_quant",
                           Target::kSs928, &fake, &files));
  files.push_back(GraphFile(input, fake));

  ASSIGN_OR_RETURN(const calibration::CalibrationParam param,
                   QuantParamRecord(input.fused_float, input.plan, record));
  files.push_back({FileGroup::kDeploy, prefix + "_quant_param_record.txt",
                   QuantParamRecordToText(param)});
  files.push_back({FileGroup::kDeploy, prefix + "_quant_param_record.bin",
                   param.SerializeAsString()});
  files.push_back(ConfigFile(input));
  files.push_back(
      {FileGroup::kChoices, input.record_name, RecordToText(record)});
  return files;
}

absl::StatusOr<std::vector<ExportedFile>> ExportAscend(
    const ExportInput& input) {
  ASSIGN_OR_RETURN(const amct::ScaleOffsetRecord record, CheckedRecord(input));
  RETURN_IF_ERROR(
      CheckAscendRecord(input.record, input.fused_float, input.record_name));
  std::vector<ExportedFile> files;

  ASSIGN_OR_RETURN(caffe::NetParameter deploy,
                   DeployModel(input.fused_float, input.plan, record));
  ASSIGN_OR_RETURN(deploy,
                   InsertQuantLayers(std::move(deploy), input.plan, record));
  ASSIGN_OR_RETURN(deploy, CannNet(std::move(deploy), input.plan, record,
                                   DequantBlobs::kPacked));
  RETURN_IF_ERROR(AddModel(FileGroup::kDeploy, input.prefix + "_deploy",
                           Target::kAscend, &deploy, &files));
  ASSIGN_OR_RETURN(caffe::NetParameter fake,
                   FakeQuantModel(input.fused_float, input.plan, record));
  ASSIGN_OR_RETURN(fake, CannNet(std::move(fake), input.plan, record,
                                 DequantBlobs::kFloats));
  RETURN_IF_ERROR(AddModel(FileGroup::kFakeQuant, input.prefix + "_fake_quant",
                           Target::kAscend, &fake, &files));
  files.push_back(GraphFile(input, fake));
  files.push_back(ConfigFile(input));
  files.push_back(
      {FileGroup::kChoices, input.record_name, CannRecordToText(record)});
  return files;
}

}  // namespace quantd
