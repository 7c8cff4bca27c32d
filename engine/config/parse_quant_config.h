// Reading AMCT's config.json for post-training quantization.
#ifndef QUANTD_ENGINE_CONFIG_PARSE_QUANT_CONFIG_H_
#define QUANTD_ENGINE_CONFIG_PARSE_QUANT_CONFIG_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/config/quant_config.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Reads config.json. Keys that are missing take AMCT's defaults; a quantizable
// layer that is missing is in the result with quant_enable false. joint_quant
// is checked and ignored.
// json_text: UTF-8, at most 16 MiB. file_name: for messages only.
// net: as for DefaultQuantConfig().
// Errors, all INVALID_ARGUMENT unless said otherwise, with metadata file and,
// where they apply, line, column, layer, field, expected, found, allowed:
//   CONFIG_PARSE         no JSON, wrong type, unknown or repeated key
//   LAYER_NOT_FOUND      names a layer that the net does not have; suggestions
//   OPTION_OUT_OF_RANGE  a value outside its range
//   OPTION_CONFLICT      a layer that cannot be quantized or fused
//   NOTHING_QUANTIZED    (FAILED_PRECONDITION) no layer is switched on
//   NO_BATCH_NORM        (FAILED_PRECONDITION) update_bn for a net without
//                        BatchNorm
absl::StatusOr<QuantConfig> ParseQuantConfig(absl::string_view json_text,
                                             absl::string_view file_name,
                                             const caffe::NetParameter& net,
                                             Target target = Target::kSs928);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_PARSE_QUANT_CONFIG_H_
