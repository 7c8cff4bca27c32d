#include "engine/kernels/fake_quant.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "engine/kernels/option_error.h"

// The loop is written once, for the compiler to vectorize, and instantiated for
// what the processor has.
#define QUANTD_INLINE inline __attribute__((always_inline))

namespace quantd {
namespace {

absl::Status OutOfRange(const char* option, double value,
                        const std::string& allowed) {
  return OptionOutOfRange("quant_param", option, value, allowed);
}

// kScaled: the whole numbers times the step.
template <bool kScaled>
QUANTD_INLINE void QuantizeLoop(const float* x, int64_t count,
                                const FakeQuantParams& params, float* y) {
  const QuotientRounder rounder(params);
  const float scale = params.scale;
  for (int64_t i = 0; i < count; ++i) {
    const auto whole = static_cast<float>(rounder.Round(x[i] / scale));
    y[i] = kScaled ? whole * scale : whole;
  }
}

#if defined(__x86_64__)
template <bool kScaled>
__attribute__((target("avx2"))) void QuantizeAvx2(const float* x, int64_t count,
                                                  const FakeQuantParams& params,
                                                  float* y) {
  QuantizeLoop<kScaled>(x, count, params, y);
}
#endif

template <bool kScaled>
void Quantize(const float* x, int64_t count, const FakeQuantParams& params,
              float* y) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    return QuantizeAvx2<kScaled>(x, count, params, y);
  }
#endif
  QuantizeLoop<kScaled>(x, count, params, y);
}

// Calls run(from, count, to) for pieces of `x` and `y`, in threads.
template <typename Run>
void ForEachChunk(absl::Span<const float> x, absl::Span<float> y, Run run) {
  constexpr int64_t kChunk = 16384;
  const auto size = static_cast<int64_t>(x.size());
  const float* from = x.data();
  float* to = y.data();
#pragma omp parallel for if (size > kChunk)
  for (int64_t first = 0; first < size; first += kChunk) {
    run(from + first, std::min(kChunk, size - first), to + first);
  }
}

}  // namespace

absl::Status CheckFakeQuantParams(const FakeQuantParams& params) {
  if (params.num_bits < 2 || params.num_bits > 16) {
    return OutOfRange("num_bits_d", params.num_bits, "2 to 16");
  }
  if (!(params.scale > 0) || !std::isfinite(params.scale)) {
    return OutOfRange("scale", params.scale, "positive and finite");
  }
  const int32_t half = 1 << (params.num_bits - 1);
  if (params.offset < -half || params.offset > half - 1) {
    return OutOfRange("offset", params.offset,
                      absl::StrCat(-half, " to ", half - 1));
  }
  return absl::OkStatus();
}

float ScaleOfInverse(float inv_scale) {
  return static_cast<float>(1.0 / static_cast<double>(inv_scale));
}

void FakeQuantReference(absl::Span<const float> x,
                        const FakeQuantParams& params, absl::Span<float> y) {
  const int64_t half = int64_t{1} << (params.num_bits - 1);
  for (size_t i = 0; i < x.size(); ++i) {
    const float quotient = x[i] / params.scale;
    int64_t q = -half;
    if (!std::isnan(quotient)) {
      const float rounded = std::round(quotient);
      // Enough for any offset, and exact in int64.
      const float bounded = std::fmin(std::fmax(rounded, -0x1p40f), 0x1p40f);
      q = static_cast<int64_t>(bounded) + params.offset;
      q = q < -half ? -half : q;
      q = q > half - 1 ? half - 1 : q;
    }
    y[i] = static_cast<float>(q - params.offset) * params.scale;
  }
}

void FakeQuant(absl::Span<const float> x, const FakeQuantParams& params,
               absl::Span<float> y) {
  ForEachChunk(x, y, [&](const float* from, int64_t count, float* to) {
    Quantize<true>(from, count, params, to);
  });
}

void FakeQuantSteps(absl::Span<const float> x, const FakeQuantParams& params,
                    absl::Span<float> y) {
  ForEachChunk(x, y, [&](const float* from, int64_t count, float* to) {
    Quantize<false>(from, count, params, to);
  });
}

}  // namespace quantd
