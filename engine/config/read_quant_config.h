// The configuration of post-training quantization in either of its forms.
#ifndef QUANTD_ENGINE_CONFIG_READ_QUANT_CONFIG_H_
#define QUANTD_ENGINE_CONFIG_READ_QUANT_CONFIG_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/config/quant_config.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Reads config.json (parse_quant_config.h) or the simplified configuration
// (parse_simple_config.h). A text that begins with '{' or '[' is JSON, whatever
// the file is called; any other is JSON only in a file named *.json.
// net: as for DefaultQuantConfig(). Ascend has data of 8 bits and uniform
// weights only.
// Errors: those of the form; for Ascend, with file and layer, INVALID_ARGUMENT:
// OPTION_OUT_OF_RANGE for other bits, OPTION_CONFLICT for snq_quantize.
absl::StatusOr<QuantConfig> ReadQuantConfig(absl::string_view text,
                                            absl::string_view file_name,
                                            const caffe::NetParameter& net,
                                            Target target = Target::kSs928);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_READ_QUANT_CONFIG_H_
