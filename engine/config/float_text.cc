#include "engine/config/float_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace quantd {
namespace {

// value = d.ddd * 10^exponent
struct Decimal {
  bool negative = false;
  std::string digits;  // Without point; no trailing zero but for "0".
  int exponent = 0;
};

// `value` must be finite.
Decimal ShortestDecimal(float value) {
  char buffer[32];
  const std::to_chars_result result =
      std::to_chars(buffer, buffer + sizeof(buffer), std::fabs(value),
                    std::chars_format::scientific);
  const absl::string_view text(buffer, result.ptr - buffer);
  const size_t e = text.find('e');
  Decimal decimal;
  decimal.negative = std::signbit(value);
  for (char c : text.substr(0, e)) {
    if (c != '.') decimal.digits += c;
  }
  // from_chars does not take a plus sign.
  const size_t begin = e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + begin, text.data() + text.size(),
                  decimal.exponent);
  return decimal;
}

std::string Fixed(const Decimal& decimal) {
  const int num_digits = static_cast<int>(decimal.digits.size());
  const int point = decimal.exponent + 1;  // Digits before the point.
  if (point <= 0) {
    return absl::StrCat("0.", std::string(-point, '0'), decimal.digits);
  }
  if (point >= num_digits) {
    return decimal.digits + std::string(point - num_digits, '0');
  }
  return absl::StrCat(decimal.digits.substr(0, point), ".",
                      decimal.digits.substr(point));
}

std::string Scientific(const Decimal& decimal) {
  std::string text = decimal.digits.substr(0, 1);
  if (decimal.digits.size() > 1) {
    absl::StrAppend(&text, ".", decimal.digits.substr(1));
  }
  const int magnitude = std::abs(decimal.exponent);
  absl::StrAppend(&text, decimal.exponent < 0 ? "e-" : "e+",
                  magnitude < 10 ? "0" : "", magnitude);
  return text;
}

std::string NotFiniteText(float value) {
  if (std::isnan(value)) return "nan";
  return value < 0 ? "-inf" : "inf";
}

}  // namespace

std::string PythonFloatText(float value) {
  if (!std::isfinite(value)) return NotFiniteText(value);
  const Decimal decimal = ShortestDecimal(value);
  const bool fixed = decimal.exponent >= -4 && decimal.exponent < 16;
  std::string text = absl::StrCat(decimal.negative ? "-" : "",
                                  fixed ? Fixed(decimal) : Scientific(decimal));
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace quantd
