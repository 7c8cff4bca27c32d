// What jobs that quantize a model do alike before and after they know the
// factors: fuse, tell of the plan, choose the files.
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_QUANTIZED_MODEL_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_QUANTIZED_MODEL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/config/quant_config.h"
#include "engine/config/quant_plan.h"
#include "engine/export/export.h"
#include "engine/graph/fuse_batch_norm.h"
#include "engine/jobs/job.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// A model on its way to its quantized files.
struct QuantizedModel {
  caffe::NetParameter original;  // Without in-place layers.
  FusedNet fused;                // Of `original`, by the configuration.
  QuantPlan plan;                // For fused.net.
};

FusionOptions FusionOptionsOf(const QuantConfig& config);

// Fills all but the plan, from a model as ReadJobModel() gives it. Errors:
// those of Uninplace() and FuseBatchNorm().
absl::StatusOr<QuantizedModel> FuseModel(const caffe::NetParameter& model,
                                         const QuantConfig& config);

void WarnOfAll(const std::vector<Warning>& warnings, JobMonitor* monitor);

// Sends the plan's warnings and one line of log to `monitor`.
void ReportPlan(const QuantPlan& plan, JobMonitor* monitor);

// What strict jobs refuse of a plan: layers that the SoC computes with integers
// only and that stay float. Errors: FAILED_PRECONDITION, CUBE_LAYER_FLOAT with
// layer.
absl::Status CheckStrictly(const QuantPlan& plan);

// AMCT's names of the record.
inline constexpr char kRecordFile[] = "scale_offset_record.txt";
// With update_bn: that of the fused model. kRecordFile then has the weights
// before fusion.
inline constexpr char kUpdatedRecordFile[] = "scale_offset_record_update.txt";

Target TargetOf(v1::Target target);

// `record` in the schema of `target`.
std::string RecordTextFor(const amct::ScaleOffsetRecord& record, Target target);

// The files of `model` for config.target (export.h), the record under its name
// by `config`.
absl::StatusOr<std::vector<ExportedFile>> ExportModel(
    const QuantizedModel& model, const QuantConfig& config,
    const amct::ScaleOffsetRecord& record, const std::string& prefix);

// True if a file of `group` is written with save type `save`.
bool IsSaved(FileGroup group, v1::SaveType save);

// Moves `rows` into the job's output, and counts them in its result.
void AddRecords(std::vector<v1::LayerRecord> rows, JobOutput* output);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_QUANTIZED_MODEL_H_
