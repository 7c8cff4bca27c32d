#include "engine/jobs/convert.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/factor_consistency.h"
#include "engine/export/cann_record.h"
#include "engine/export/record_file.h"
#include "engine/export/user_record.h"
#include "engine/jobs/calibration/cluster_weights.h"
#include "engine/jobs/calibration/depthwise_convs.h"
#include "engine/jobs/calibration/factor_records.h"
#include "engine/jobs/calibration/quantized_model.h"
#include "engine/jobs/job_model.h"
#include "engine/jobs/output_prefix.h"
#include "engine/jobs/phase_tracker.h"
#include "engine/model/float_model.h"

namespace quantd {
namespace {

// One conversion; its phases fill it from top to bottom.
class Conversion {
 public:
  Conversion(const v1::ConvertSpec& spec, const JobInputs& inputs,
             JobMonitor* monitor)
      : spec_(spec),
        inputs_(inputs),
        tracker_(monitor),
        target_(TargetOf(spec.target())) {}

  absl::StatusOr<JobOutput> Run();

 private:
  absl::Status Load();
  absl::Status Transform();
  absl::Status Emit();

  const std::string& record_name() const { return spec_.record().file_name(); }

  const v1::ConvertSpec& spec_;
  const JobInputs& inputs_;
  PhaseTracker tracker_;
  const Target target_;

  caffe::NetParameter model_;
  amct::ScaleOffsetRecord record_;
  QuantConfig config_;
  QuantizedModel quantized_;
  JobOutput output_;
};

absl::StatusOr<JobOutput> Conversion::Run() {
  tracker_.Begin("LOAD");
  RETURN_IF_ERROR(Load());
  RETURN_IF_ERROR(tracker_.CheckCancelled());
  tracker_.Begin("TRANSFORM");
  RETURN_IF_ERROR(Transform());
  RETURN_IF_ERROR(tracker_.CheckCancelled());
  tracker_.Begin("EMIT");
  RETURN_IF_ERROR(Emit());
  tracker_.Finish(&output_.result);
  return std::move(output_);
}

absl::Status Conversion::Load() {
  ASSIGN_OR_RETURN(model_,
                   ReadJobModel(spec_.model(), inputs_, tracker_.monitor()));
  RETURN_IF_ERROR(CheckFloatModel(model_));
  ASSIGN_OR_RETURN(const std::string text, inputs_.read_blob(spec_.record()));
  if (target_ == Target::kAscend) {
    ASSIGN_OR_RETURN(record_, ParseCannRecord(text, record_name()));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(record_, ParseRecord(text, record_name()));
  for (const Warning& warning : FindUnusedFields(record_, record_name())) {
    Warn(warning.reason, warning.message, tracker_.monitor());
  }
  return absl::OkStatus();
}

absl::Status Conversion::Transform() {
  ASSIGN_OR_RETURN(model_, AccelerateRecorded(std::move(model_), record_));
  ASSIGN_OR_RETURN(config_,
                   ConfigOfRecord(record_, model_, record_name(), target_));
  ASSIGN_OR_RETURN(quantized_, FuseModel(model_, config_));
  const caffe::NetParameter& net = quantized_.fused.net;
  RETURN_IF_ERROR(
      CheckKeysSurvivedFusion(record_, quantized_.fused.report, record_name()));
  RETURN_IF_ERROR(ValidateRecord(record_, net, record_name()));
  if (target_ == Target::kAscend) {
    RETURN_IF_ERROR(CheckAscendRecord(record_, net, record_name()));
  }
  ASSIGN_OR_RETURN(quantized_.plan, MakeAnyQuantPlan(net, config_));
  RETURN_IF_ERROR(
      CheckRecordUsed(record_, net, quantized_.plan, record_name()));
  const absl::Status covers = CheckRecordCovers(record_, quantized_.plan);
  if (!covers.ok()) {
    return Annotate(covers, absl::StrCat(record_name(), ": "),
                    {{"file", record_name()}});
  }
  ReportPlan(quantized_.plan, tracker_.monitor());
  if (target_ == Target::kSs928) {
    WarnOfAll(FindInconsistentFactors(net, quantized_.plan, record_),
              tracker_.monitor());
  }
  return ClusterByRecord(quantized_.plan, record_, &quantized_.fused.net);
}

absl::Status Conversion::Emit() {
  ASSIGN_OR_RETURN(
      std::vector<ExportedFile> files,
      ExportModel(
          quantized_, config_, record_,
          OutputPrefix(spec_.name(), spec_.model().prototxt().file_name())));
  for (ExportedFile& file : files) {
    if (file.group == FileGroup::kChoices) continue;
    if (!IsSaved(file.group, spec_.save())) continue;
    output_.files.push_back({std::move(file.name), std::move(file.contents)});
  }
  std::vector<v1::LayerRecord> rows =
      LayerRecordsOf(quantized_.fused.net, quantized_.plan, record_);
  if (target_ == Target::kSs928) {
    for (v1::LayerRecord& row : rows) row.clear_shift_bit();  // Not used.
  }
  AddRecords(std::move(rows), &output_);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JobOutput> RunConvert(const v1::ConvertSpec& spec,
                                     const JobInputs& inputs,
                                     JobMonitor* monitor) {
  return Conversion(spec, inputs, monitor).Run();
}

}  // namespace quantd
