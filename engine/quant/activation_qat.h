// Quantization of one blob during quantization-aware training: the state that
// AMCT's ActivationQAT layer keeps between steps. The arithmetic is ULQ
// (engine/quant/ulq.h).
// Not here: the learning of the clip values (the solver).
#ifndef QUANTD_ENGINE_QUANT_ACTIVATION_QAT_H_
#define QUANTD_ENGINE_QUANT_ACTIVATION_QAT_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/quant/ulq.h"

namespace quantd {

struct ActivationQatParams {
  UlqClips clips;          // To start with; finite, max > min.
  bool ifmr_init = false;  // Start from an IFMR search of the first batch.
  bool fixed_min = false;  // clip min is 0 always.
  int num_bits = 8;        // 2..16.
};

class ActivationQat {
 public:
  // Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE naming the parameter.
  static absl::StatusOr<ActivationQat> Create(
      const ActivationQatParams& params);

  // One forward step: RestoreClips(); on the first step with ifmr_init the
  // clips from IfmrClips(); fixed_min; factors; y as UlqForward(). Without
  // values y is empty and ifmr_init waits for the next step.
  // Errors: those of IfmrClips() and UlqFactorsOf().
  absl::Status Forward(absl::Span<const float> x, absl::Span<float> y);

  // The gradients of the last Forward() for its x. `dx` may be `dy`, or empty
  // if nobody wants it. gradient_bits: S of UlqClipGradient() is 2^n - 1; AMCT
  // has 8 always.
  UlqGradient Backward(absl::Span<const float> x, absl::Span<const float> dy,
                       absl::Span<float> dx, int gradient_bits = 8) const;

  // The learned values: an optimizer writes them between steps.
  const UlqClips& clips() const { return clips_; }
  void set_clips(const UlqClips& clips) { clips_ = clips; }
  // What RestoreClips() goes back to.
  const UlqClips& remembered() const { return remembered_; }
  // Of the last Forward().
  const UlqFactors& factors() const { return factors_; }

 private:
  explicit ActivationQat(const ActivationQatParams& params);

  ActivationQatParams params_;
  bool needs_init_;
  UlqClips clips_;
  UlqClips remembered_;
  UlqFactors factors_;
};

// Clips from an IFMR search (with offset, 0.7..1.3 by 0.01, percentiles
// 0.999999) over `x`: min = -scale * (offset + 2^(n-1)), max = (2^n - 1) *
// scale + min, of the new min. AMCT's CPU code adds the old min, its GPU code
// the new one. Errors: those of IfmrSearch().
absl::StatusOr<UlqClips> IfmrClips(absl::Span<const float> x, int num_bits);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_ACTIVATION_QAT_H_
