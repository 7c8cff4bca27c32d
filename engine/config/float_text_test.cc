#include "engine/config/float_text.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

#include "gtest/gtest.h"

namespace quantd {
namespace {

float Read(const std::string& text) {
  float value = 0;
  const std::from_chars_result result =
      std::from_chars(text.data(), text.data() + text.size(), value);
  EXPECT_EQ(result.ptr, text.data() + text.size()) << text;
  return value;
}

TEST(FloatTextTest, PythonAlwaysHasAFractionOrAnExponent) {
  EXPECT_EQ(PythonFloatText(1.0f), "1.0");
  EXPECT_EQ(PythonFloatText(-128.0f), "-128.0");
  EXPECT_EQ(PythonFloatText(0.9985902f), "0.9985902");
  EXPECT_EQ(PythonFloatText(0.999999f), "0.999999");
  EXPECT_EQ(PythonFloatText(1e-10f), "1e-10");
  EXPECT_EQ(PythonFloatText(0.0001f), "0.0001");
  EXPECT_EQ(PythonFloatText(0.00001f), "1e-05");
  EXPECT_EQ(PythonFloatText(8388608.0f), "8388608.0");
  EXPECT_EQ(PythonFloatText(1e15f), "1000000000000000.0");
  EXPECT_EQ(PythonFloatText(1e16f), "1e+16");
  EXPECT_EQ(PythonFloatText(12.75f), "12.75");
}

TEST(FloatTextTest, WhatIsNotFiniteHasAName) {
  EXPECT_EQ(PythonFloatText(std::numeric_limits<float>::infinity()), "inf");
  EXPECT_EQ(PythonFloatText(-std::numeric_limits<float>::infinity()), "-inf");
  EXPECT_EQ(PythonFloatText(std::nanf("")), "nan");
}

TEST(FloatTextTest, EveryValueReadsBack) {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    const uint32_t bits = random();
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(Read(PythonFloatText(value)), value);
  }
}

}  // namespace
}  // namespace quantd
