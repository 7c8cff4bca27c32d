// Errors and checks that the algorithms share.
#ifndef QUANTD_ENGINE_QUANT_CHECKS_H_
#define QUANTD_ENGINE_QUANT_CHECKS_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace quantd {

// INVALID_ARGUMENT, OPTION_OUT_OF_RANGE: "<option> is <value>; it must be
// <allowed>".
absl::Status BadOption(absl::string_view option, const absl::AlphaNum& value,
                       absl::string_view allowed);

// Errors: FAILED_PRECONDITION, ACTIVATION_EMPTY for no data,
// ACTIVATION_NOT_FINITE for NaN or infinity. The caller adds layer and blob.
absl::Status CheckActivations(absl::Span<const float> data);

// Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE for no weights,
// WEIGHT_NOT_FINITE for NaN. The caller adds the layer.
template <typename T>
absl::Status CheckNotNan(absl::Span<const T> weights);

// As CheckNotNan(); infinity is WEIGHT_NOT_FINITE too.
absl::Status CheckFiniteWeights(absl::Span<const float> weights);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_CHECKS_H_
