// The error of kernels whose parameters come from a layer's message.
#ifndef QUANTD_ENGINE_KERNELS_OPTION_ERROR_H_
#define QUANTD_ENGINE_KERNELS_OPTION_ERROR_H_

#include <string>

#include "absl/status/status.h"

namespace quantd {

// INVALID_ARGUMENT, OPTION_OUT_OF_RANGE: field `option` of `message`
// ("quant_param") has `value`, which is not among the `allowed`.
absl::Status OptionOutOfRange(const std::string& message,
                              const std::string& option, double value,
                              const std::string& allowed);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_OPTION_ERROR_H_
