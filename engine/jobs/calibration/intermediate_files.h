// The files that AMCT leaves between its steps, in its folder for temporary
// files.
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_INTERMEDIATE_FILES_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_INTERMEDIATE_FILES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "engine/config/quant_config.h"
#include "engine/config/quant_plan.h"
#include "engine/export/export.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The model that was calibrated, with IFMR layers: modified_model.prototxt and
// .caffemodel, with update_bn activation_modified_model.* `net` is the plan's
// net with fake-quantized weights.
// Errors: those of ExportNet().
absl::StatusOr<std::vector<ExportedFile>> CalibratedModelFiles(
    const QuantConfig& config, const QuantPlan& plan, caffe::NetParameter net);

// The model that update_bn ran, with what it measured: modified_model.prototxt
// and .caffemodel; and each blob of its BatchNorm layers as
// "<layer>.<i>.binaryproto", '/' as "%2F" and other characters that a file name
// should not have alike.
// Errors: those of ExportNet().
absl::StatusOr<std::vector<ExportedFile>> BnUpdateFiles(
    const QuantConfig& config, caffe::NetParameter net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_INTERMEDIATE_FILES_H_
