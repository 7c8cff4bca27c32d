// The files of a quantized model in the directory that a job wrote.
#ifndef QUANTD_CLIENT_CLI_ARTIFACT_FILES_H_
#define QUANTD_CLIENT_CLI_ARTIFACT_FILES_H_

#include <string>

#include "absl/status/statusor.h"

namespace quantd {

// Paths of a deploy model and its fake-quant model.
struct QuantizedFiles {
  std::string deploy_model;
  std::string deploy_weights;
  std::string quant_param_record;  // Empty: Ascend's models have none.
  std::string fake_quant_model;
  std::string fake_quant_weights;
};

// Finds them in `directory` by AMCT's names: NAME_deploy_model.prototxt and so
// on; the record with NAME or without, .txt before .bin, and none beside a
// deploy model that has Quant layers. They need not all exist: what is missing
// has its expected path.
// Errors: FAILED_PRECONDITION, FILE_NOT_FOUND without a
// *_deploy_model.prototxt; USAGE if there are several.
absl::StatusOr<QuantizedFiles> FindQuantizedFiles(const std::string& directory);

// True if the prototxt at `path` names layers of type DeQuant, as the deploy
// models for Ascend do. False for a file that cannot be read.
bool HasDequantLayers(const std::string& path);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_ARTIFACT_FILES_H_
