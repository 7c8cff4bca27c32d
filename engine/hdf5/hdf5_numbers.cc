#include "engine/hdf5/hdf5_numbers.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace quantd {
namespace {

// The bits of the element at `bytes`, the least significant first.
uint64_t BitsAt(const char* bytes, const Hdf5Type& type) {
  uint64_t bits = 0;
  for (uint64_t i = 0; i < type.num_bytes; ++i) {
    const uint64_t at = type.big_endian ? i : type.num_bytes - 1 - i;
    bits = bits << 8 | static_cast<uint8_t>(bytes[at]);
  }
  return bits;
}

int64_t SignExtend(uint64_t bits, uint64_t num_bytes) {
  if (num_bytes == 0) return 0;
  const int shift = static_cast<int>(64 - 8 * num_bytes);
  return static_cast<int64_t>(bits << shift) >> shift;
}

// IEEE 754 half precision.
float HalfToFloat(uint64_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31);
  const float mantissa = static_cast<float>(bits & 1023);
  float value = 0;
  if (exponent == 31) {
    value = mantissa == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  }
  return bits >> 15 & 1 ? -value : value;
}

float ToFloat(uint64_t bits, const Hdf5Type& type) {
  if (type.kind == Hdf5Type::kUnsigned) return static_cast<float>(bits);
  if (type.kind == Hdf5Type::kInt) {
    return static_cast<float>(SignExtend(bits, type.num_bytes));
  }
  if (type.num_bytes == 2) return HalfToFloat(bits);
  if (type.num_bytes == 4) {
    const uint32_t low = static_cast<uint32_t>(bits);
    float value = 0;
    std::memcpy(&value, &low, sizeof(value));
    return value;
  }
  double value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return static_cast<float>(value);
}

}  // namespace

void Hdf5ToFloats(absl::string_view bytes, const Hdf5Type& type,
                  absl::Span<float> values) {
  if (values.empty()) return;
  if (type.kind == Hdf5Type::kFloat && type.num_bytes == sizeof(float) &&
      !type.big_endian) {
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return;
  }
  const char* from = bytes.data();
  for (float& value : values) {
    value = ToFloat(BitsAt(from, type), type);
    from += type.num_bytes;
  }
}

int64_t Hdf5ToInt(absl::string_view bytes, const Hdf5Type& type) {
  const uint64_t bits = BitsAt(bytes.data(), type);
  return type.kind == Hdf5Type::kInt ? SignExtend(bits, type.num_bytes)
                                     : static_cast<int64_t>(bits);
}

}  // namespace quantd
