// CalibrationConfig, the part of AMCT's simplified configuration that says how
// layers are quantized.
// Not here: which layers it is for (parse_simple_config.h).
#ifndef QUANTD_ENGINE_CONFIG_SIMPLE_CALIBRATION_H_
#define QUANTD_ENGINE_CONFIG_SIMPLE_CALIBRATION_H_

#include <optional>

#include "absl/status/statusor.h"
#include "engine/config/config_place.h"
#include "engine/config/quant_config.h"
#include "engine/config/simple_config_text.h"
#include "proto/amct/quant_config.pb.h"

namespace quantd {

// The decimal number that the file has, as far as float32 keeps it: 0.7, not
// 0.699999988.
double DecimalOf(float value);

// A CalibrationConfig, checked; what it leaves out has AMCT's defaults.
struct SimpleCalibration {
  ActivationQuantParams activation;
  // Absent if it says nothing of weights. Without channel_wise, that of the
  // layer's type holds.
  std::optional<WeightQuantParams> weights;
  std::optional<bool> channel_wise;
  const char* weights_field = "arq_quantize";  // Or snq_quantize.
  ConfigPlace weights_place;
  ConfigPlace channel_wise_place;
};

// Reads `config`, which stands at `places`. Of arq_quantize and snq_quantize
// the later one in the file holds.
// Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE with line and column.
absl::StatusOr<SimpleCalibration> ReadSimpleCalibration(
    const amct::CalibrationConfig& config, const FieldPlaces& places);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_SIMPLE_CALIBRATION_H_
