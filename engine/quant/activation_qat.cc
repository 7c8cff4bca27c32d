#include "engine/quant/activation_qat.h"

#include <cmath>

#include "base/status_macros.h"
#include "engine/quant/checks.h"
#include "engine/quant/ifmr.h"

namespace quantd {

absl::StatusOr<ActivationQat> ActivationQat::Create(
    const ActivationQatParams& params) {
  if (params.num_bits < 2 || params.num_bits > 16) {
    return BadOption("num_bits", params.num_bits, "2..16");
  }
  if (!std::isfinite(params.clips.max) || !std::isfinite(params.clips.min) ||
      !(params.clips.max > params.clips.min)) {
    return BadOption(
        "clip_max", params.clips.max,
        absl::StrCat("finite and above clip_min, ", params.clips.min));
  }
  return ActivationQat(params);
}

ActivationQat::ActivationQat(const ActivationQatParams& params)
    : params_(params),
      needs_init_(params.ifmr_init),
      clips_(params.clips),
      remembered_(params.clips) {}

absl::Status ActivationQat::Forward(absl::Span<const float> x,
                                    absl::Span<float> y) {
  RestoreClips(&clips_, &remembered_);
  if (needs_init_ && !x.empty()) {
    ASSIGN_OR_RETURN(clips_, IfmrClips(x, params_.num_bits));
    needs_init_ = false;
  }
  if (params_.fixed_min) clips_.min = 0;
  ASSIGN_OR_RETURN(factors_, UlqFactorsOf(clips_, params_.num_bits));
  UlqForward(x, factors_, params_.num_bits, y);
  return absl::OkStatus();
}

UlqGradient ActivationQat::Backward(absl::Span<const float> x,
                                    absl::Span<const float> dy,
                                    absl::Span<float> dx,
                                    int gradient_bits) const {
  const UlqClips range = UlqRange(factors_, params_.num_bits);
  const UlqGradient gradient =
      UlqClipGradient(x, dy, range, clips_, gradient_bits);
  if (!dx.empty()) UlqInputGradient(x, dy, range, dx);
  return gradient;
}

absl::StatusOr<UlqClips> IfmrClips(absl::Span<const float> x, int num_bits) {
  IfmrParams params;
  params.num_bits = num_bits;
  ASSIGN_OR_RETURN(const IfmrResult found, IfmrSearch(x, params));
  UlqClips clips;
  clips.min =
      found.scale * -static_cast<float>(found.offset + (1 << (num_bits - 1)));
  // In float64, as AMCT: the sum is rounded once.
  const double levels = (1 << num_bits) - 1;
  clips.max = static_cast<float>(static_cast<double>(found.scale) * levels +
                                 static_cast<double>(clips.min));
  return clips;
}

}  // namespace quantd
