// One quantized input of a layer: from floats to the integers that the chip
// would see.
#ifndef QUANTD_ENGINE_INTEGER_QUANTIZED_INPUT_H_
#define QUANTD_ENGINE_INTEGER_QUANTIZED_INPUT_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "engine/kernels/fake_quant.h"

namespace quantd {

// q = clip(int(round(x / scale)) + offset, -2^(n-1), 2^(n-1) - 1), as a Quant
// layer rounds (engine/kernels/fake_quant.h). `codes` has the size of `x`.
void QuantizeCodes(absl::Span<const float> x, const FakeQuantParams& params,
                   absl::Span<int16_t> codes);

// y = float(q - offset) * scale, bit for bit what a Quant layer gives.
void DequantizeCodes(absl::Span<const int16_t> codes,
                     const FakeQuantParams& params, absl::Span<float> y);

// Keeps the last integers, and can go on with others: those of the network that
// it is compared with.
//
// Threads: compatible, not safe.
class QuantizedInput {
 public:
  // `params` must pass CheckFakeQuantParams().
  explicit QuantizedInput(const FakeQuantParams& params) : params_(params) {}

  const FakeQuantParams& params() const { return params_; }

  // Quantizes `x`, and returns the integers to go on with: its own, or the
  // forced ones if they are as many. Valid until the next call of anything.
  absl::Span<const int16_t> Take(absl::Span<const float> x);

  // The same part by part: forgets the integers of the pass before,
  void Clear() { codes_.clear(); }
  // and quantizes the next values. Forced ones are taken as far as they go.
  absl::Span<const int16_t> TakeMore(absl::Span<const float> x);

  // What Take() goes on with from now on; empty: its own.
  void Force(std::vector<int16_t> codes) { forced_ = std::move(codes); }

  // Of the last Take(), or since Clear(); its own in any case.
  const std::vector<int16_t>& codes() const { return codes_; }
  const std::vector<int16_t>& forced() const { return forced_; }

 private:
  const FakeQuantParams params_;
  std::vector<int16_t> codes_;
  std::vector<int16_t> forced_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_QUANTIZED_INPUT_H_
