#include "engine/quant/ifmr_observer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/quant/observer_loops.h"

namespace quantd {
namespace {

constexpr int64_t kMaxCount = int64_t{1} << 36;
constexpr size_t kBlock = 1024;
// Candidates within this share of the least loss are too close to call: above
// the rounding of a float32 sum of kMaxKeptValues terms (some 3e-5).
constexpr double kCloseCall = 5e-4;

// Bins that tell candidates apart as well as AMCT's own float32 sums do.
int BinBits(int num_bits) { return num_bits <= 8 ? 14 : 15; }

// Extremes to keep so that every rank up to the expected count is among them.
int64_t Capacity(float percentile, int64_t expected_count) {
  // float32 counts are coarse: a smaller count may have a larger rank.
  const int64_t slack = (expected_count >> 23) + 2;
  return std::min(IfmrObserver::kMaxExactRank,
                  IfmrRank(expected_count, percentile) + slack);
}

}  // namespace

absl::StatusOr<IfmrObserver> IfmrObserver::Create(const IfmrParams& params,
                                                  int64_t expected_count) {
  RETURN_IF_ERROR(CheckIfmrParams(params));
  if (expected_count < 1 || expected_count > kMaxCount) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
                 absl::StrCat("calibration over ", expected_count,
                              " activations of one blob; it must be 1..",
                              kMaxCount, ": change batch_num"),
                 {{"option", "expected_count"},
                  {"value", absl::StrCat(expected_count)},
                  {"allowed", absl::StrCat("1..", kMaxCount)}});
  }
  return IfmrObserver(params, expected_count);
}

IfmrObserver::IfmrObserver(const IfmrParams& params, int64_t expected_count)
    : params_(params),
      expected_count_(expected_count),
      largest_(Capacity(params.max_percentile, expected_count)),
      smallest_(Capacity(params.min_percentile, expected_count)),
      histogram_(BinBits(params.num_bits)) {}

absl::Status IfmrObserver::Add(absl::Span<const float> values) {
  if (static_cast<int64_t>(values.size()) > expected_count_ - count_) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
                 absl::StrCat("more activations came than the ",
                              expected_count_, " expected"),
                 {{"option", "expected_count"},
                  {"value", absl::StrCat(expected_count_)}});
  }
  count_ += static_cast<int64_t>(values.size());
  if (expected_count_ <= kMaxKeptValues) {
    kept_.insert(kept_.end(), values.begin(), values.end());
  }
  while (!values.empty()) {
    const absl::Span<const float> block = values.subspan(0, kBlock);
    const ValueRange range = histogram_.Add(block);
    if (!range.finite) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "ACTIVATION_NOT_FINITE",
                   "the activations contain NaN or infinity; check the model "
                   "and its preprocessing");
    }
    if (range.max > largest_.threshold()) largest_.Offer(block, 1.0f);
    if (-range.min > smallest_.threshold()) smallest_.Offer(block, -1.0f);
    values.remove_prefix(block.size());
  }
  return absl::OkStatus();
}

absl::Status IfmrObserver::Merge(const IfmrObserver& other) {
  if (other.count_ > expected_count_ - count_) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
                 absl::StrCat("more activations came than the ",
                              expected_count_, " expected"),
                 {{"option", "expected_count"},
                  {"value", absl::StrCat(expected_count_)}});
  }
  count_ += other.count_;
  largest_.Merge(other.largest_);
  smallest_.Merge(other.smallest_);
  histogram_.Merge(other.histogram_);
  if (expected_count_ <= kMaxKeptValues) {
    kept_.insert(kept_.end(), other.kept_.begin(), other.kept_.end());
  }
  return absl::OkStatus();
}

absl::StatusOr<IfmrResult> IfmrObserver::Finish(
    ActivationSummary* summary) const {
  if (count_ == 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "ACTIVATION_EMPTY",
                 "there are no activations to search; check the data set and "
                 "batch_num");
  }
  const HistogramTable table(histogram_);
  const float max =
      Extreme(table, largest_, params_.max_percentile, /*positive=*/true);
  const float min = 0.0f - Extreme(table, smallest_, params_.min_percentile,
                                   /*positive=*/false);
  ASSIGN_OR_RETURN(std::vector<IfmrCandidate> candidates,
                   IfmrCandidates(params_, max, min));
  std::vector<double> losses;
  std::vector<double> deviations;
  for (const IfmrCandidate& candidate : candidates) {
    const HistogramTable::Cost cost =
        table.QuantizationCost(candidate.scale, candidate.low, candidate.high);
    losses.push_back(cost.squared_error / static_cast<double>(count_));
    deviations.push_back(cost.deviation / static_cast<double>(count_));
  }
  const bool exact = static_cast<int64_t>(kept_.size()) == count_;
  if (exact) RefineLosses(candidates, &losses);
  IfmrResult result =
      ChooseIfmrCandidate(params_, max, min, candidates, losses);
  result.all_zero = histogram_.empty();
  const int second = result.second_index;
  result.ambiguous =
      !exact && second != result.best_index &&
      losses[second] - losses[result.best_index] <
          3 * std::hypot(deviations[result.best_index], deviations[second]);
  if (summary != nullptr) {
    *summary = Summarize(table, candidates[result.best_index]);
    summary->mean_square_error = result.best_loss;
  }
  return result;
}

absl::StatusOr<ActivationSummary> IfmrObserver::Summarize(
    const IfmrResult& result) const {
  ASSIGN_OR_RETURN(const std::vector<IfmrCandidate> candidates,
                   IfmrCandidates(params_, result.max, result.min));
  const IfmrCandidate& best = candidates.at(result.best_index);
  const HistogramTable table(histogram_);
  ActivationSummary summary = Summarize(table, best);
  summary.mean_square_error =
      table.QuantizationCost(best.scale, best.low, best.high).squared_error /
      static_cast<double>(std::max<int64_t>(1, count_));
  return summary;
}

ActivationSummary IfmrObserver::Summarize(const HistogramTable& table,
                                          const IfmrCandidate& best) const {
  constexpr int kNumBars = ActivationSummary::kNumBars;
  const float infinity = std::numeric_limits<float>::infinity();
  const double count = static_cast<double>(count_);
  const double nonzero = table.CountWithin(-infinity, infinity);
  ActivationSummary summary;
  summary.count = count_;
  summary.zeros = std::max(0.0, 1 - nonzero / count);
  summary.max = table.LargestMagnitude(/*positive=*/true, 1);
  summary.min = 0.0f - table.LargestMagnitude(/*positive=*/false, 1);
  summary.mean_square = table.SumOfSquares() / count;
  const float half = best.scale / 2;
  summary.clipped = (table.CountWithin(-infinity, best.low - half) +
                     table.CountWithin(best.high + half, infinity)) /
                    count;
  const double width = (double{summary.max} - summary.min) / kNumBars;
  if (width == 0) return summary;
  float low = -infinity;
  for (int i = 1; i <= kNumBars; ++i) {
    const float high =
        i < kNumBars ? static_cast<float>(summary.min + i * width) : infinity;
    summary.bars.push_back(table.CountWithin(low, high) / count);
    low = high;
  }
  return summary;
}

void IfmrObserver::RefineLosses(const std::vector<IfmrCandidate>& candidates,
                                std::vector<double>* losses) const {
  const double limit =
      *std::min_element(losses->begin(), losses->end()) * (1 + kCloseCall);
  std::vector<size_t> close;
  std::vector<IfmrCandidate> close_candidates;
  for (size_t i = 0; i < losses->size(); ++i) {
    if ((*losses)[i] > limit) continue;
    close.push_back(i);
    close_candidates.push_back(candidates[i]);
  }
  if (close.size() < 2) return;
  const std::vector<double> exact = IfmrLosses(kept_, close_candidates);
  // The others stay behind, whatever a float32 sum leaves out.
  for (double& loss : *losses) {
    loss = std::max(loss, *std::max_element(exact.begin(), exact.end()));
  }
  for (size_t i = 0; i < close.size(); ++i) (*losses)[close[i]] = exact[i];
}

float IfmrObserver::Extreme(const HistogramTable& table,
                            const TopValues& values, float percentile,
                            bool positive) const {
  const int64_t rank = IfmrRank(count_, percentile);
  return rank <= kMaxExactRank ? values.Get(rank)
                               : table.LargestMagnitude(positive, rank);
}

}  // namespace quantd
