#include "engine/integer/quantized_input.h"

namespace quantd {

void QuantizeCodes(absl::Span<const float> x, const FakeQuantParams& params,
                   absl::Span<int16_t> codes) {
  const QuotientRounder rounder(params);
  const int32_t offset = params.offset;
  const float scale = params.scale;
  const float* from = x.data();
  int16_t* to = codes.data();
  const auto size = static_cast<int64_t>(x.size());
  for (int64_t i = 0; i < size; ++i) {
    to[i] = static_cast<int16_t>(rounder.Round(from[i] / scale) + offset);
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

absl::Span<const int16_t> QuantizedInput::TakeMore(absl::Span<const float> x) {
  const size_t first = codes_.size();
  codes_.resize(first + x.size());
  QuantizeCodes(x, params_, absl::MakeSpan(codes_).subspan(first));
  const std::vector<int16_t>& taken =
      forced_.size() >= codes_.size() ? forced_ : codes_;
  return absl::MakeConstSpan(taken).subspan(first, x.size());
}

}  // namespace quantd
