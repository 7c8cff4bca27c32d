// IEEE 754 binary16 numbers.
#ifndef QUANTD_BASE_HALF_H_
#define QUANTD_BASE_HALF_H_

#include <cmath>
#include <cstdint>
#include <limits>

namespace quantd {

// A number as it is stored. Every one is a float exactly.
struct Half {
  explicit operator float() const {
    const int sign = bits >> 15;
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 1023;
    float value;
    if (exponent == 31) {
      value = fraction == 0 ? std::numeric_limits<float>::infinity()
                            : std::numeric_limits<float>::quiet_NaN();
    } else if (exponent == 0) {
      value = std::ldexp(static_cast<float>(fraction), -24);
    } else {
      value = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
    }
    return sign == 0 ? value : -value;
  }

  uint16_t bits;
};

}  // namespace quantd

#endif  // QUANTD_BASE_HALF_H_
