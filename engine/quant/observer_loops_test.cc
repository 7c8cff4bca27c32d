#include "engine/quant/observer_loops.h"

#include <cmath>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace quantd {
namespace {

constexpr BinLayout kLayout = {256, 64.0f, 4096.0f};

// Half of them zeros, some on the edges of bins.
std::vector<float> Values(size_t size) {
  std::mt19937 generator(5);
  std::uniform_real_distribution<float> uniform(-3.99f, 3.99f);
  std::vector<float> values(size);
  for (size_t i = 0; i < size; ++i) {
    const float value = uniform(generator);
    if (generator() % 2 == 0) continue;
    values[i] = i % 7 == 0 ? std::round(value * 64) / 64 : value;
  }
  return values;
}

using Located = std::vector<std::pair<int32_t, int32_t>>;

// The slots and positions of what is not zero, one value at a time.
Located Expected(const std::vector<float>& values) {
  Located expected;
  for (const float value : values) {
    if (value == 0) continue;
    const double scaled = std::abs(static_cast<double>(value)) * 64;
    const int bin = static_cast<int>(scaled);
    const int slot = BinLayout::Slot(bin) + (value < 0 ? 256 : 0);
    expected.push_back({slot, static_cast<int>((scaled - bin) * 4096)});
  }
  return expected;
}

class ObserverLoopsTest : public ::testing::TestWithParam<InstructionSet> {};

TEST_P(ObserverLoopsTest, LocatesEveryValue) {
  for (const size_t size : {0, 1, 15, 16, 17, 1000}) {
    const std::vector<float> values = Values(size);
    std::vector<int32_t> slot(size + kLocateSlack);
    std::vector<int32_t> position(size + kLocateSlack);
    const LocatedBins bins =
        LocateBins(values, kLayout, slot.data(), position.data(), GetParam());
    ASSERT_LE(bins.count, static_cast<int64_t>(size));
    const ValueRange range = FindValueRange(values, GetParam());
    EXPECT_EQ(bins.range.min, range.min);
    EXPECT_EQ(bins.range.max, range.max);
    Located located;
    for (int64_t i = 0; i < bins.count; ++i) {
      if (slot[i] < BinLayout::kNumIgnored) continue;
      located.push_back({slot[i], position[i]});
    }
    EXPECT_EQ(located, Expected(values)) << size;
  }
}

TEST_P(ObserverLoopsTest, FindsTheRange) {
  std::vector<float> values = Values(1000);
  values[997] = 5.5f;
  values[3] = -7.25f;
  const ValueRange range = FindValueRange(values, GetParam());
  EXPECT_TRUE(range.finite);
  EXPECT_EQ(range.min, -7.25f);
  EXPECT_EQ(range.max, 5.5f);
  const ValueRange positive = FindValueRange({2.0f, 3.0f}, GetParam());
  EXPECT_EQ(positive.min, 0.0f);
  EXPECT_EQ(positive.max, 3.0f);
}

TEST_P(ObserverLoopsTest, LocatingFindsWhatIsOutOfRange) {
  const float infinity = std::numeric_limits<float>::infinity();
  int32_t slot[100 + kLocateSlack];
  int32_t position[100 + kLocateSlack];
  for (const float large : {4.0f, -4.0f, 3e38f}) {
    std::vector<float> values = Values(100);
    values[77] = large;
    const ValueRange range =
        LocateBins(values, kLayout, slot, position, GetParam()).range;
    EXPECT_TRUE(range.finite);
    EXPECT_EQ(large > 0 ? range.max : range.min, large);
  }
  for (const float bad : {infinity, -infinity, std::nanf("")}) {
    std::vector<float> values = Values(100);
    values[77] = bad;
    EXPECT_FALSE(
        LocateBins(values, kLayout, slot, position, GetParam()).range.finite);
  }
}

TEST_P(ObserverLoopsTest, SeesWhatIsNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {infinity, -infinity, std::nanf(""), -std::nanf("")}) {
    std::vector<float> values = Values(100);
    values[77] = bad;
    EXPECT_FALSE(FindValueRange(values, GetParam()).finite) << bad;
  }
}

INSTANTIATE_TEST_SUITE_P(OnThisProcessor, ObserverLoopsTest,
                         ::testing::ValuesIn(InstructionSets()));

}  // namespace
}  // namespace quantd
