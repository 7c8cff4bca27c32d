#include "engine/integer/quantized_input.h"

namespace quantd {

void QuantizeCodes(absl::Span<const float> x, const FakeQuantParams& params,
                   absl::Span<int16_t> codes) {
  // As FakeQuant(): the quotient is clipped to whole numbers first, so that
  // every value fits.
  const int32_t half = 1 << (params.num_bits - 1);
  const int32_t offset = params.offset;
  const auto low = static_cast<float>(-half - offset);
  const auto high = static_cast<float>(half - 1 - offset);
  const float scale = params.scale;
  const float* from = x.data();
  int16_t* to = codes.data();
  const auto size = static_cast<int64_t>(x.size());
  for (int64_t i = 0; i < size; ++i) {
    float quotient = from[i] / scale;
    quotient = quotient > low ? quotient : low;  // Also NaN.
    quotient = quotient < high ? quotient : high;
    int32_t whole = static_cast<int32_t>(quotient);
    const float rest = quotient - static_cast<float>(whole);  // Exact.
    whole += static_cast<int32_t>(rest >= 0.5f);
    whole -= static_cast<int32_t>(rest <= -0.5f);
    to[i] = static_cast<int16_t>(whole + offset);
  }
}

void DequantizeCodes(absl::Span<const int16_t> codes,
                     const FakeQuantParams& params, absl::Span<float> y) {
  for (size_t i = 0; i < codes.size(); ++i) {
    y[i] = static_cast<float>(codes[i] - params.offset) * params.scale;
  }
}

absl::Span<const int16_t> QuantizedInput::Take(absl::Span<const float> x) {
  codes_.resize(x.size());
  QuantizeCodes(x, params_, absl::MakeSpan(codes_));
  return forced_.size() == codes_.size() ? forced_ : codes_;
}

}  // namespace quantd
