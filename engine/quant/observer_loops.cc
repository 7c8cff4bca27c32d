#include "engine/quant/observer_loops.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

// Each plain loop is written once, for the compiler to vectorize, and
// instantiated for what the processor has.
#define QUANTD_INLINE inline __attribute__((always_inline))

namespace quantd {
namespace {

constexpr uint32_t kSignBit = 0x80000000u;
constexpr int32_t kInfinityBits = 0x7f800000;

// The representations of floats of one sign are ordered as their magnitudes.
struct BitRange {
  int32_t highest = 0;         // Of positive values.
  uint32_t lowest = kSignBit;  // Of negative ones.
};

ValueRange ToValueRange(const BitRange& bits) {
  ValueRange range;
  range.finite = bits.highest < kInfinityBits &&
                 bits.lowest < (kSignBit | uint32_t{kInfinityBits});
  if (range.finite) {
    std::memcpy(&range.max, &bits.highest, sizeof(float));
    std::memcpy(&range.min, &bits.lowest, sizeof(float));
  }
  return range;
}

QUANTD_INLINE BitRange FindBitRangeLoop(const float* values, int64_t count) {
  int32_t highest = 0;
  uint32_t lowest = kSignBit;
  for (int64_t i = 0; i < count; ++i) {
    int32_t bits;
    std::memcpy(&bits, values + i, sizeof(bits));
    highest = std::max(highest, bits);
    lowest = std::max(lowest, static_cast<uint32_t>(bits));
  }
  return {highest, lowest};
}

QUANTD_INLINE LocatedBins LocateBinsLoop(const float* values, int64_t count,
                                         const BinLayout& layout, int32_t* slot,
                                         int32_t* position) {
  const BinLayout local = layout;
  const float end = static_cast<float>(local.num_bins);
  int32_t highest = 0;
  uint32_t lowest = kSignBit;
  for (int64_t i = 0; i < count; ++i) {
    const float value = values[i];
    int32_t bits;
    std::memcpy(&bits, values + i, sizeof(bits));
    highest = std::max(highest, bits);
    lowest = std::max(lowest, static_cast<uint32_t>(bits));
    const float any = std::abs(value) * local.bins_per_value;
    const float scaled = any < end ? any : 0.0f;  // NaN is not below it either.
    const int32_t bin = static_cast<int32_t>(scaled);
    position[i] = static_cast<int32_t>((scaled - static_cast<float>(bin)) *
                                       local.units_per_bin);
    const int32_t found =
        BinLayout::Slot(bin) + (value < 0.0f ? local.num_bins : 0);
    // Neighbouring zeros take different slots: no addition waits for another.
    slot[i] = value == 0.0f ? static_cast<int32_t>(i) & 15 : found;
  }
  return {count, ToValueRange({highest, lowest})};
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) BitRange FindBitRangeAvx2(const float* values,
                                                          int64_t count) {
  return FindBitRangeLoop(values, count);
}

__attribute__((target("avx2"))) LocatedBins LocateBinsAvx2(
    const float* values, int64_t count, const BinLayout& layout, int32_t* slot,
    int32_t* position) {
  return LocateBinsLoop(values, count, layout, slot, position);
}

// What LocateBinsLoop() computes, of the values that are not zero: after a ReLU
// that is a third of them. Masked intrinsics, as the plain ones make GCC 12
// warn of values that are not set.
__attribute__((target("avx512f"))) LocatedBins LocateBinsAvx512(
    const float* values, int64_t count, const BinLayout& layout, int32_t* slot,
    int32_t* position) {
  constexpr int64_t kLanes = 16;
  static_assert(kLocateSlack >= kLanes);
  const __m512 bins_per_value = _mm512_set1_ps(layout.bins_per_value);
  const __m512 units_per_bin = _mm512_set1_ps(layout.units_per_bin);
  const __m512i num_bins = _mm512_set1_epi32(layout.num_bins);
  const __m512i num_ignored = _mm512_set1_epi32(BinLayout::kNumIgnored);
  const __m512i spread = _mm512_set1_epi32(BinLayout::kSpread);
  __m512i highest = _mm512_setzero_si512();
  __m512i lowest = _mm512_set1_epi32(static_cast<int32_t>(kSignBit));
  int64_t found = 0;
  for (int64_t i = 0; i < count; i += kLanes) {
    const int64_t left = std::min(kLanes, count - i);
    const __mmask16 all = static_cast<__mmask16>((1u << left) - 1);
    const __m512 value = _mm512_maskz_loadu_ps(all, values + i);
    const __m512i value_bits = _mm512_castps_si512(value);
    highest = _mm512_mask_max_epi32(highest, all, highest, value_bits);
    lowest = _mm512_mask_max_epu32(lowest, all, lowest, value_bits);
    const __mmask16 nonzero =
        _mm512_cmp_ps_mask(value, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    const __mmask16 negative =
        _mm512_cmp_ps_mask(value, _mm512_setzero_ps(), _CMP_LT_OQ);
    const __m512 scaled = _mm512_mul_ps(_mm512_abs_ps(value), bins_per_value);
    const __m512i bin = _mm512_maskz_cvttps_epi32(nonzero, scaled);
    const __m512i units = _mm512_maskz_cvttps_epi32(
        nonzero, _mm512_mul_ps(_mm512_sub_ps(scaled, _mm512_maskz_cvtepi32_ps(
                                                         nonzero, bin)),
                               units_per_bin));
    const __m512i bits = _mm512_and_si512(
        _mm512_maskz_srli_epi32(nonzero, bin, BinLayout::kSpreadShift), spread);
    const __m512i positive_slot =
        _mm512_add_epi32(num_ignored, _mm512_xor_si512(bin, bits));
    const __m512i any_slot =
        _mm512_mask_add_epi32(positive_slot, negative, positive_slot, num_bins);
    _mm512_storeu_si512(slot + found,
                        _mm512_maskz_compress_epi32(nonzero, any_slot));
    _mm512_storeu_si512(position + found,
                        _mm512_maskz_compress_epi32(nonzero, units));
    found += __builtin_popcount(nonzero);
  }
  int32_t highs[kLanes];
  uint32_t lows[kLanes];
  _mm512_storeu_si512(highs, highest);
  _mm512_storeu_si512(lows, lowest);
  return {found, ToValueRange({*std::max_element(highs, highs + kLanes),
                               *std::max_element(lows, lows + kLanes)})};
}
#endif

std::vector<InstructionSet> FindInstructionSets() {
  std::vector<InstructionSet> sets = {InstructionSet::kBaseline};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) sets.push_back(InstructionSet::kAvx2);
  if (__builtin_cpu_supports("avx512f")) {
    sets.push_back(InstructionSet::kAvx512);
  }
#endif
  return sets;
}

BitRange FindBitRange(const float* values, int64_t count, InstructionSet set) {
#if defined(__x86_64__)
  if (set != InstructionSet::kBaseline) return FindBitRangeAvx2(values, count);
#endif
  return FindBitRangeLoop(values, count);
}

}  // namespace

const std::vector<InstructionSet>& InstructionSets() {
  static const auto* const sets =
      new std::vector<InstructionSet>(FindInstructionSets());
  return *sets;
}

ValueRange FindValueRange(absl::Span<const float> values, InstructionSet set) {
  return ToValueRange(
      FindBitRange(values.data(), static_cast<int64_t>(values.size()), set));
}

LocatedBins LocateBins(absl::Span<const float> values, const BinLayout& layout,
                       int32_t* slot, int32_t* position, InstructionSet set) {
  const int64_t count = static_cast<int64_t>(values.size());
#if defined(__x86_64__)
  if (set == InstructionSet::kAvx512) {
    return LocateBinsAvx512(values.data(), count, layout, slot, position);
  }
  if (set == InstructionSet::kAvx2) {
    return LocateBinsAvx2(values.data(), count, layout, slot, position);
  }
#endif
  return LocateBinsLoop(values.data(), count, layout, slot, position);
}

}  // namespace quantd
