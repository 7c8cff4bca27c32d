// The factors of a deploy model, from quant_param_record.txt or .bin.
// Not here: writing that file (engine/export/quant_param_record.h).
#ifndef QUANTD_ENGINE_INTEGER_DEPLOY_FACTORS_H_
#define QUANTD_ENGINE_INTEGER_DEPLOY_FACTORS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "engine/kernels/fake_quant.h"
#include "proto/amct/calibration_param.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Of one layer.
struct DeployFactors {
  // One per bottom; none for an input that stays float. num_bits is 8 or 16,
  // how the integers are stored: the file does not say how many are used.
  std::vector<absl::optional<FakeQuantParams>> inputs;
  // Steps of the weights: one, or one per output channel; none if they are
  // float.
  std::vector<float> scale_w;
  // Non-uniform weights: for each step the 16 codes that blob 0 may have, one
  // signed byte each. Empty for uniform ones.
  std::string weight_tables = {};
};

// Reads the text or the binary form, told apart by the first byte.
// Errors: INVALID_ARGUMENT, RECORD_INVALID with file, and line and column of a
// text.
absl::StatusOr<calibration::CalibrationParam> ParseQuantParamRecord(
    absl::string_view bytes, const std::string& file_name);

// The factors of each layer of `net`, in its order; empty for layers without
// bottoms. Layers with int8 weights (blob 0) have scale_w and a quantized first
// input, others have no scale_w.
// Errors, with file, layer and field: INVALID_ARGUMENT, RECORD_INVALID for
// unknown or repeated layers, another number of inputs, other data types than
// S8, S16 and floats, factors that are not positive, finite and in range;
// FAILED_PRECONDITION, RECORD_INCOMPLETE for layers without an entry, or
// without the factors that their blobs need.
absl::StatusOr<std::vector<DeployFactors>> DeployFactorsOf(
    const calibration::CalibrationParam& record, const caffe::NetParameter& net,
    const std::string& file_name);

// True for a layer whose blob 0 is int8.
bool HasIntegerWeights(const caffe::LayerParameter& layer);

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_DEPLOY_FACTORS_H_
