// IFMR: scale and offset of activations, searched for the least squared error
// around percentiles of the data. The exact form: over an array, with AMCT's
// float32 arithmetic, bit for bit.
// Not here: the streaming form for calibration (ifmr_observer.h).
#ifndef QUANTD_ENGINE_QUANT_IFMR_H_
#define QUANTD_ENGINE_QUANT_IFMR_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace quantd {

struct IfmrParams {
  int num_bits = 8;         // 2..16.
  bool with_offset = true;  // Asymmetric; false: symmetric, offset 0.
  // Candidate ratios start, start + step, ... of the extreme; > 0, at most
  // kMaxIfmrCandidates of them. AMCT's arithmetic leaves out 1.3 of 0.7..1.3.
  float search_range_start = 0.7f;
  float search_range_end = 1.3f;
  float search_step = 0.01f;
  // Share of the values that the extreme leaves inside; in (0, 1].
  float max_percentile = 0.999999f;
  float min_percentile = 0.999999f;
};

inline constexpr int kMaxIfmrCandidates = 10000;

struct IfmrResult {
  float scale = 1.0f;  // scale_d, in [2^-23, 2^23].
  int32_t offset = 0;  // offset_d, in [-2^(n-1), 2^(n-1) - 1].
  float max = 0.0f;    // The percentile's value, or 0 if that is negative.
  float min = 0.0f;    // The same at the lower end, or 0 if positive.
  int num_candidates = 0;
  int best_index = 0;  // Of the candidates, 0-based.
  // Mean squared error of the best candidate.
  double best_loss = 0.0;
  // (second-best loss - best loss) / best loss over candidates with another
  // scale; infinity if there is no other or the best loss is 0.
  double loss_gap = 0.0;
  int second_index = 0;  // The second best; best_index if there is none.
  // The observer only: the gap is within the error of its loss curve, so the
  // exact search could choose second_index.
  bool ambiguous = false;
  // Every value was zero: scale 1.0, offset -2^(n-1) (0 without offset).
  bool all_zero = false;
};

// One step of the search: a value x becomes round(clip(x, low, high) / scale)
// * scale.
struct IfmrCandidate {
  float scale;
  float low;
  float high;
};

// Errors: INVALID_ARGUMENT / OPTION_OUT_OF_RANGE naming the parameter.
absl::Status CheckIfmrParams(const IfmrParams& params);

// 1-based rank of the percentile's value among `count` values, from the
// extreme inwards: count - floor(float32(percentile * float32(count))), and 1
// for percentile 1. In [1, count] for count >= 1 (AMCT's 0 becomes 1).
int64_t IfmrRank(int64_t count, float percentile);

// The candidates in order, for extremes max >= 0 >= min. Never empty.
// Errors: FAILED_PRECONDITION / SCALE_OUT_OF_RANGE if a scale is illegal.
absl::StatusOr<std::vector<IfmrCandidate>> IfmrCandidates(
    const IfmrParams& params, float max, float min);

// AMCT's loss of each candidate over `data`: float32 terms (q - x)^2 / count,
// summed in the order of `data` in float32.
std::vector<double> IfmrLosses(absl::Span<const float> data,
                               absl::Span<const IfmrCandidate> candidates);

// The result that follows from the loss (mean squared error) of each candidate:
// the first minimum wins; offset = -round(min / scale) - 2^(n-1), or 0 without
// offset. As many losses as candidates, not none.
IfmrResult ChooseIfmrCandidate(const IfmrParams& params, float max, float min,
                               absl::Span<const IfmrCandidate> candidates,
                               absl::Span<const double> losses);

// The search over `data`, in any layout but in AMCT's order (batch by batch):
// losses are summed sequentially in float32, the first minimum wins. Needs a
// copy of the data; time is proportional to size times candidates.
// Errors: those of CheckIfmrParams and IfmrCandidates; FAILED_PRECONDITION /
// ACTIVATION_NOT_FINITE for NaN or infinity, ACTIVATION_EMPTY for no data. The
// caller adds layer and blob.
absl::StatusOr<IfmrResult> IfmrSearch(absl::Span<const float> data,
                                      const IfmrParams& params);

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_IFMR_H_
