#include "engine/jobs/calibration/quantized_model.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/export/cann_record.h"
#include "engine/export/record_file.h"
#include "engine/graph/uninplace.h"
#include "engine/jobs/job_model.h"

namespace quantd {

FusionOptions FusionOptionsOf(const QuantConfig& config) {
  FusionOptions options;
  options.do_fusion = config.do_fusion;
  options.skip_fusion_layers = config.skip_fusion_layers;
  return options;
}

absl::StatusOr<QuantizedModel> FuseModel(const caffe::NetParameter& model,
                                         const QuantConfig& config) {
  QuantizedModel result;
  ASSIGN_OR_RETURN(result.original, Uninplace(model));
  ASSIGN_OR_RETURN(result.fused,
                   FuseBatchNorm(result.original, FusionOptionsOf(config)));
  return result;
}

void WarnOfAll(const std::vector<Warning>& warnings, JobMonitor* monitor) {
  for (const Warning& warning : warnings) {
    Warn(warning.reason, warning.message, monitor);
  }
}

void ReportPlan(const QuantPlan& plan, JobMonitor* monitor) {
  WarnOfAll(plan.warnings, monitor);
  monitor->OnLog(absl::StrCat("quantizing ", plan.weights.size(),
                              " layers' weights and ", plan.blobs.size(),
                              " blobs"));
}

absl::Status CheckStrictly(const QuantPlan& plan) {
  for (const Warning& warning : plan.warnings) {
    if (warning.reason != "CUBE_LAYER_FLOAT") continue;
    return Error(absl::StatusCode::kFailedPrecondition, warning.reason,
                 warning.message, warning.metadata);
  }
  return absl::OkStatus();
}

Target TargetOf(v1::Target target) {
  return target == v1::TARGET_ASCEND ? Target::kAscend : Target::kSs928;
}

std::string RecordTextFor(const amct::ScaleOffsetRecord& record,
                          Target target) {
  return target == Target::kAscend ? CannRecordToText(record)
                                   : RecordToText(record);
}

absl::StatusOr<std::vector<ExportedFile>> ExportModel(
    const QuantizedModel& model, const QuantConfig& config,
    const amct::ScaleOffsetRecord& record, const std::string& prefix) {
  const ExportInput input = {
      model.fused.net,
      model.original,
      model.fused.report,
      config,
      model.plan,
      record,
      prefix,
      config.update_bn ? kUpdatedRecordFile : kRecordFile};
  return config.target == Target::kAscend ? ExportAscend(input)
                                          : ExportSs928(input);
}

bool IsSaved(FileGroup group, v1::SaveType save) {
  if (group == FileGroup::kDeploy) return save != v1::SAVE_TYPE_FAKE_QUANT;
  if (group == FileGroup::kFakeQuant) return save != v1::SAVE_TYPE_DEPLOY;
  return true;
}

void AddRecords(std::vector<v1::LayerRecord> rows, JobOutput* output) {
  int64_t quantized = 0;
  for (const v1::LayerRecord& row : rows) quantized += row.quantized();
  output->result.set_num_layers_quantized(quantized);
  output->result.set_num_layers_float(static_cast<int64_t>(rows.size()) -
                                      quantized);
  output->records = std::move(rows);
}

}  // namespace quantd
