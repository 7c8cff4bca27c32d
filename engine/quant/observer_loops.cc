#include "engine/quant/observer_loops.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// Each loop is written once, for the compiler to vectorize, and instantiated
// for what the processor has.
#define QUANTD_INLINE inline __attribute__((always_inline))

namespace quantd {
namespace {

constexpr uint32_t kSignBit = 0x80000000u;
constexpr int32_t kInfinityBits = 0x7f800000;

struct BitRange {
  int32_t highest = 0;         // Of positive values.
  uint32_t lowest = kSignBit;  // Of negative ones.
};

// The representations of floats of one sign are ordered as their magnitudes.
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

QUANTD_INLINE void LocateBinsLoop(const float* values, int64_t count,
                                  const BinLayout& layout, int32_t* slot,
                                  int32_t* position) {
  const BinLayout local = layout;
  for (int64_t i = 0; i < count; ++i) {
    const float value = values[i];
    const float scaled = std::abs(value) * local.bins_per_value;
    const int32_t bin = static_cast<int32_t>(scaled);
    position[i] = static_cast<int32_t>((scaled - static_cast<float>(bin)) *
                                       local.units_per_bin);
    const int32_t found =
        BinLayout::Slot(bin) + (value < 0.0f ? local.num_bins : 0);
    // Neighbouring zeros take different slots: no addition waits for another.
    slot[i] = value == 0.0f ? static_cast<int32_t>(i) & 15 : found;
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) BitRange FindBitRangeAvx2(const float* values,
                                                          int64_t count) {
  return FindBitRangeLoop(values, count);
}
__attribute__((target("avx2"))) void LocateBinsAvx2(const float* values,
                                                    int64_t count,
                                                    const BinLayout& layout,
                                                    int32_t* slot,
                                                    int32_t* position) {
  LocateBinsLoop(values, count, layout, slot, position);
}
bool HasAvx2() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}
#endif

BitRange FindBitRange(const float* values, int64_t count) {
#if defined(__x86_64__)
  if (HasAvx2()) return FindBitRangeAvx2(values, count);
#endif
  return FindBitRangeLoop(values, count);
}

}  // namespace

ValueRange FindValueRange(absl::Span<const float> values) {
  const BitRange bits =
      FindBitRange(values.data(), static_cast<int64_t>(values.size()));
  ValueRange range;
  range.finite = bits.highest < kInfinityBits &&
                 bits.lowest < (kSignBit | uint32_t{kInfinityBits});
  if (range.finite) {
    std::memcpy(&range.max, &bits.highest, sizeof(float));
    std::memcpy(&range.min, &bits.lowest, sizeof(float));
  }
  return range;
}

void LocateBins(absl::Span<const float> values, const BinLayout& layout,
                int32_t* slot, int32_t* position) {
  const int64_t count = static_cast<int64_t>(values.size());
#if defined(__x86_64__)
  if (HasAvx2()) {
    LocateBinsAvx2(values.data(), count, layout, slot, position);
    return;
  }
#endif
  LocateBinsLoop(values.data(), count, layout, slot, position);
}

}  // namespace quantd
