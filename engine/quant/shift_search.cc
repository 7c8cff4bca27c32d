#include "engine/quant/shift_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/quant/checks.h"

namespace quantd {
namespace {

constexpr int64_t kLow = -32768;
constexpr int64_t kHigh = 32767;

template <typename T>
int BestShift(const std::array<T, kNumShifts>& errors) {
  return 1 + static_cast<int>(std::min_element(errors.begin(), errors.end()) -
                              errors.begin());
}

double ShiftError(absl::Span<const int32_t> sums, int shift) {
  double error = 0;
  for (const int64_t sum : sums) {
    const int64_t power = int64_t{1} << shift;
    const int64_t kept = std::clamp(sum / power, kLow, kHigh);
    const double difference = static_cast<double>(kept * power - sum);
    error += difference * difference;
  }
  return error;
}

// Adds the error of `sums`, whole numbers, to *error.
void AddShiftErrors(absl::Span<const float> sums, ShiftSearch::Errors* errors) {
  for (int shift = 1; shift <= kNumShifts; ++shift) {
    const float power = std::ldexp(1.0f, shift);
    float error = 0;
    for (const float sum : sums) {
      const float kept =
          std::clamp(std::floor(sum / power), static_cast<float>(kLow),
                     static_cast<float>(kHigh));
      const float difference = kept * power - sum;
      error += difference * difference;
    }
    (*errors)[shift - 1] += error;
  }
}

}  // namespace

absl::StatusOr<std::vector<int>> SearchShiftBits(absl::Span<const int32_t> sums,
                                                 int64_t num_channels) {
  const int64_t count = static_cast<int64_t>(sums.size());
  if (num_channels < 1 || count % num_channels != 0) {
    return BadOption("num_channels", num_channels,
                     absl::StrCat("a divisor of the ", count, " sums"));
  }
  std::vector<int> best;
  const int64_t elements = count / num_channels;
  for (int64_t c = 0; c < num_channels; ++c) {
    std::array<double, kNumShifts> errors;
    for (int shift = 1; shift <= kNumShifts; ++shift) {
      errors[shift - 1] =
          ShiftError(sums.subspan(c * elements, elements), shift);
    }
    best.push_back(BestShift(errors));
  }
  return best;
}

absl::StatusOr<ShiftSearch> ShiftSearch::Create(std::vector<float> deq_scale,
                                                bool broadcast) {
  if (deq_scale.empty()) {
    return BadOption("number of deq_scale", 0, "at least 1");
  }
  for (const float scale : deq_scale) {
    if (!(scale > 0) || !std::isfinite(scale)) {
      return BadOption("deq_scale", scale, "positive and finite");
    }
  }
  ShiftSearch search;
  search.errors_.resize(broadcast ? 1 : deq_scale.size(), Errors{});
  search.deq_scale_ = std::move(deq_scale);
  return search;
}

absl::Status ShiftSearch::Add(absl::Span<const float> batch) {
  RETURN_IF_ERROR(CheckActivations(batch));
  const size_t channels = deq_scale_.size();
  if (batch.size() % channels != 0) {
    return BadOption("size of the batch", batch.size(),
                     absl::StrCat("a multiple of the ", channels, " channels"));
  }
  const size_t elements = batch.size() / channels;
  std::vector<float> sums(batch.size());
  for (size_t i = 0; i < batch.size(); ++i) {
    sums[i] = std::round(batch[i] / deq_scale_[i / elements]);
  }
  const size_t stretch = batch.size() / errors_.size();
  for (size_t i = 0; i < errors_.size(); ++i) {
    AddShiftErrors(absl::MakeConstSpan(sums).subspan(i * stretch, stretch),
                   &errors_[i]);
  }
  return absl::OkStatus();
}

std::vector<int> ShiftSearch::Best() const {
  std::vector<int> best;
  for (size_t c = 0; c < deq_scale_.size(); ++c) {
    const Errors& errors = errors_[errors_.size() == 1 ? 0 : c];
    best.push_back(BestShift(errors));
  }
  return best;
}

}  // namespace quantd
