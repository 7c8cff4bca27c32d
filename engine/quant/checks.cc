#include "engine/quant/checks.h"

#include <cmath>
#include <string>

#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {

absl::Status BadOption(absl::string_view option, const absl::AlphaNum& value,
                       absl::string_view allowed) {
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               absl::StrCat(option, " is ", value, "; it must be ", allowed),
               {{"option", std::string(option)},
                {"value", absl::StrCat(value)},
                {"allowed", std::string(allowed)}});
}

absl::Status CheckActivations(absl::Span<const float> data) {
  if (data.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "ACTIVATION_EMPTY",
                 "there are no activations to search; check the data set and "
                 "batch_num");
  }
  for (const float x : data) {
    if (!std::isfinite(x)) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "ACTIVATION_NOT_FINITE",
                   absl::StrCat("the activations contain ",
                                std::isnan(x) ? "NaN" : "infinity",
                                "; check the model and its preprocessing"));
    }
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status CheckNotNan(absl::Span<const T> weights) {
  if (weights.empty()) return BadOption("number of weights", 0, "at least 1");
  for (const T weight : weights) {
    if (std::isnan(weight)) {
      return Error(absl::StatusCode::kInvalidArgument, "WEIGHT_NOT_FINITE",
                   "the weights contain NaN; train the model again or remove "
                   "the layer from quantization");
    }
  }
  return absl::OkStatus();
}

template absl::Status CheckNotNan(absl::Span<const float> weights);
template absl::Status CheckNotNan(absl::Span<const double> weights);

absl::Status CheckFiniteWeights(absl::Span<const float> weights) {
  RETURN_IF_ERROR(CheckNotNan(weights));
  for (const float weight : weights) {
    if (std::isinf(weight)) {
      return Error(absl::StatusCode::kInvalidArgument, "WEIGHT_NOT_FINITE",
                   "the weights contain infinity; train the model again or "
                   "remove the layer from quantization");
    }
  }
  return absl::OkStatus();
}

}  // namespace quantd
