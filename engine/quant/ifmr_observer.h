// IFMR over a stream: activations pass by batch by batch, memory does not
// grow with their number.
// Not here: the exact search over an array (ifmr.h).
#ifndef QUANTD_ENGINE_QUANT_IFMR_OBSERVER_H_
#define QUANTD_ENGINE_QUANT_IFMR_OBSERVER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/quant/ifmr.h"
#include "engine/quant/linear_histogram.h"
#include "engine/quant/top_values.h"

namespace quantd {

// How the values of a blob lie, and what their factors do to them.
struct ActivationSummary {
  int64_t count = 0;
  double zeros = 0.0;  // Share of values that are zero.
  float min = 0.0f;    // Of all values, with zero; to within a histogram's bin
  float max = 0.0f;    // where the values are many.
  // Share of values in each of kNumBars equal parts of [min, max], zeros left
  // out; empty if there is nothing else.
  std::vector<double> bars;
  // Share of values more than half a step beyond what the chosen factors
  // express.
  double clipped = 0.0;
  double mean_square = 0.0;        // Of the values.
  double mean_square_error = 0.0;  // Of what the chosen factors make of them.

  static constexpr int kNumBars = 96;
};

// Statistics of one blob over all calibration batches, and the search on them.
//
// Small blobs, of at most kMaxKeptValues in all, are kept whole: where the loss
// curve of the histogram leaves several candidates open, AMCT's own float32
// sums over the values decide, so the result is AMCT's bit for bit.
//
// The percentiles are exact order statistics while their rank is at most
// kMaxExactRank (at 0.999999: 131 G values); beyond, a histogram bin's width
// (2^-13 of the largest magnitude) bounds their error. The loss curve comes
// from a histogram whose bins keep exact sums; at 8 bits its candidates differ
// from each other as the true ones do to about 1e-5, which is less than the
// rounding of AMCT's own float32 sums (docs/algorithms/ifmr.md).
//
// Ownership: owns its statistics, keeps no reference to the data.
// Threads: compatible, not safe. One per thread, then Merge().
// Memory: up to 4 MiB for a small blob's values; 0.125 MiB (0.25 MiB
//   above 8 bits), twice that once a negative value came, and 8 bytes for each
//   value beyond a percentile. Finish() takes six times that meanwhile.
// Determinism: depends on the sequence of values alone, not on how it is cut
//   into calls. Another order may move the loss curve by about 1e-9.
//
// Example:
//   ASSIGN_OR_RETURN(IfmrObserver observer,
//                    IfmrObserver::Create(params, batches * blob_size));
//   for (...) RETURN_IF_ERROR(observer.Add(blob.values()));
//   ASSIGN_OR_RETURN(IfmrResult result, observer.Finish());
class IfmrObserver {
 public:
  static constexpr int64_t kMaxExactRank = 131072;
  static constexpr int64_t kMaxKeptValues = int64_t{1} << 20;

  // `expected_count`: how many values will come in all, at most; it decides
  // how many extremes are kept. In [1, 2^36].
  // Errors: those of CheckIfmrParams, and OPTION_OUT_OF_RANGE.
  static absl::StatusOr<IfmrObserver> Create(const IfmrParams& params,
                                             int64_t expected_count);

  // Takes in `values`, in any layout.
  // Errors: FAILED_PRECONDITION / ACTIVATION_NOT_FINITE for NaN or infinity,
  // INVALID_ARGUMENT if more than expected_count values came. The observer is
  // of no use afterwards. The caller adds layer and blob.
  absl::Status Add(absl::Span<const float> values);

  // Takes back `count` zeros of the values so far: what a kernel's layout added
  // as padding. Zeros cost nothing in the search, but count for percentiles.
  // Not for blobs that are kept whole.
  void DiscountZeros(int64_t count) { count_ -= count; }

  // Takes in what `other` saw. Both must be of the same parameters and of an
  // expected_count that covers the sum. Errors: INVALID_ARGUMENT.
  absl::Status Merge(const IfmrObserver& other);

  // The search over all values so far; more may be added afterwards. `summary`
  // may be null. Errors: those of IfmrSearch.
  absl::StatusOr<IfmrResult> Finish(ActivationSummary* summary = nullptr) const;

  // The values so far under the factors of another observer, whose Finish()
  // gave `result`; both are of the same parameters. Errors: those of
  // IfmrCandidates().
  absl::StatusOr<ActivationSummary> Summarize(const IfmrResult& result) const;

  int64_t count() const { return count_; }

 private:
  IfmrObserver(const IfmrParams& params, int64_t expected_count);

  // Magnitude of the value at `percentile` counted from the positive (else the
  // negative) end; 0 if it is on the other side of zero.
  float Extreme(const HistogramTable& table, const TopValues& values,
                float percentile, bool positive) const;

  ActivationSummary Summarize(const HistogramTable& table,
                              const IfmrCandidate& best) const;

  // Replaces the losses of the candidates that are nearly the best by AMCT's.
  void RefineLosses(const std::vector<IfmrCandidate>& candidates,
                    std::vector<double>* losses) const;

  IfmrParams params_;
  int64_t expected_count_;
  int64_t count_ = 0;
  TopValues largest_;   // Of the positive values.
  TopValues smallest_;  // Of the negative ones, as magnitudes.
  LinearHistogram histogram_;
  std::vector<float> kept_;  // All values, or none of a larger blob.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_IFMR_OBSERVER_H_
