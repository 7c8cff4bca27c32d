// The shifts N of the DeQuant layer (engine/kernels/dequant.h): those with the
// least squared error of sums that are kept in 16 bits as clip(t / 2^N) and
// come back times 2^N.
// Source of the formulas: AMCT's SearchN and SearchNV2.
#ifndef QUANTD_ENGINE_QUANT_SHIFT_SEARCH_H_
#define QUANTD_ENGINE_QUANT_SHIFT_SEARCH_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace quantd {

// N is 1 + the index of the smallest error, the first of equal ones.
inline constexpr int kNumShifts = 16;

// N for each channel of `sums`, [num_channels, elements]. t / 2^N is cut off
// towards zero, errors are summed in float64 in order. 1 where all sums are 0
// or there are none.
// Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE for num_channels below 1 or no
// divisor of the sums.
absl::StatusOr<std::vector<int>> SearchShiftBits(absl::Span<const int32_t> sums,
                                                 int64_t num_channels);

// The search over a layer's float outputs, batch by batch. The result depends
// on how the data is cut into batches, as AMCT's does: each batch's error is
// summed in float32 in order and then added.
class ShiftSearch {
 public:
  using Errors = std::array<float, kNumShifts>;

  // deq_scale: scale_d * scale_w of each channel. broadcast: all channels
  // share one N, of their common error.
  // Errors: INVALID_ARGUMENT, OPTION_OUT_OF_RANGE for no scale or one that is
  // not positive and finite.
  static absl::StatusOr<ShiftSearch> Create(std::vector<float> deq_scale,
                                            bool broadcast);

  // A batch, [channels, elements]: t = round(x / deq_scale[channel]), half away
  // from zero; t / 2^N is rounded down.
  // Errors: FAILED_PRECONDITION, ACTIVATION_EMPTY for no elements,
  // ACTIVATION_NOT_FINITE for NaN or infinity; INVALID_ARGUMENT,
  // OPTION_OUT_OF_RANGE for a size that is no multiple of the channels. A
  // refused batch leaves no trace.
  absl::Status Add(absl::Span<const float> batch);

  // One per channel, or a single one with broadcast.
  const std::vector<Errors>& errors() const { return errors_; }

  // N of each channel: equal ones with broadcast. 1 before any batch.
  std::vector<int> Best() const;

 private:
  ShiftSearch() = default;

  std::vector<float> deq_scale_;
  std::vector<Errors> errors_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_QUANT_SHIFT_SEARCH_H_
