#include "engine/quant/process_scale.h"

#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd {
namespace {

template <typename T>
absl::StatusOr<T> ProcessScaleOf(T scale) {
  constexpr T kEpsilon = std::numeric_limits<T>::epsilon();
  if (scale < kEpsilon) return T{1};
  if (std::isnan(scale) || scale > T{1} / kEpsilon) {
    return Error(absl::StatusCode::kFailedPrecondition, "SCALE_OUT_OF_RANGE",
                 absl::StrCat("the scale would be ", scale,
                              ", the largest legal one is ", T{1} / kEpsilon,
                              "; scale the data down"),
                 {{"value", absl::StrCat(scale)}});
  }
  return scale;
}

}  // namespace

absl::StatusOr<float> ProcessScale(float scale) {
  return ProcessScaleOf(scale);
}

absl::StatusOr<double> ProcessScale(double scale) {
  return ProcessScaleOf(scale);
}

}  // namespace quantd
