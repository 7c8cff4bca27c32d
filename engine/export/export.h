// The files of a quantized net, in AMCT's SS928 dialect and in CANN's
// (docs/targets.md).
// Not here: Sophgo's dialect.
#ifndef QUANTD_ENGINE_EXPORT_EXPORT_H_
#define QUANTD_ENGINE_EXPORT_EXPORT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/config/quant_config.h"
#include "engine/config/quant_plan.h"
#include "engine/graph/fusion_report.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// What a file belongs to.
enum class FileGroup {
  kDeploy,        // The deploy model, and factors for the SoC's compiler.
  kFakeQuant,     // The fake-quant model.
  kGraph,         // quant.json.
  kChoices,       // Configuration and record: what the others follow from.
  kIntermediate,  // What there was between two steps.
};

// A file in memory. The name has no folder.
struct ExportedFile {
  FileGroup group;
  std::string name;
  std::string contents;
};

struct ExportInput {
  // The plan's net: phase TEST, without in-place layers, BatchNorm fused, with
  // float blobs.
  const caffe::NetParameter& fused_float;
  // Before fusion; only its layer names are read.
  const caffe::NetParameter& original;
  const FusionReport& fusion;
  const QuantConfig& config;
  const QuantPlan& plan;
  // A record for every layer that the plan quantizes; others are not written.
  const amct::ScaleOffsetRecord& record;
  // Of the file names: P in the list below, [A-Za-z0-9._-]{1,128}.
  std::string prefix;
  std::string record_name = "scale_offset_record.txt";
};

// `net` as two files, model_name and weights_name.
// Errors: RESOURCE_EXHAUSTED, MESSAGE_TOO_LARGE as ExportSs928().
absl::StatusOr<std::vector<ExportedFile>> ExportNet(
    FileGroup group, const std::string& model_name,
    const std::string& weights_name, caffe::NetParameter net);

// Writes, in this order: P_deploy_model.prototxt, P_deploy_weights.caffemodel,
// P_fake_quant_model.prototxt, P_fake_quant_weights.caffemodel, P_quant.json,
// P_quant_param_record.txt, P_quant_param_record.bin, P_config.json, the
// record. The same input gives the same bytes.
// Errors: those of ValidateRecord() (record_file.h), DeployModel() and
// FakeQuantModel(); RESOURCE_EXHAUSTED, MESSAGE_TOO_LARGE for a caffemodel of
// 2 GiB or more.
absl::StatusOr<std::vector<ExportedFile>> ExportSs928(const ExportInput& input);

// The same in CANN's dialect, without the two quant_param_record: the Quant and
// DeQuant layers of the deploy model have the factors. The record is in CANN's
// schema (cann_record.h).
// Errors: also those of CheckAscendRecord() and InsertDequantLayers().
absl::StatusOr<std::vector<ExportedFile>> ExportAscend(
    const ExportInput& input);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_EXPORT_H_
