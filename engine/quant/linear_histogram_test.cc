#include "engine/quant/linear_histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace quantd {
namespace {

constexpr int kBinBits = 14;

void AddAll(const std::vector<float>& values, LinearHistogram* histogram) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  const ValueRange range = histogram->Add(values);
  EXPECT_EQ(range.min, std::min(*min, 0.0f));
  EXPECT_EQ(range.max, std::max(*max, 0.0f));
}

double TrueCost(const std::vector<float>& values, float scale, float low,
                float high) {
  double cost = 0;
  for (const float x : values) {
    const float steps = std::round(std::clamp(x, low, high) / scale);
    const double error = static_cast<double>(steps * scale) - x;
    cost += error * error;
  }
  return cost;
}

std::vector<float> Normal(size_t size) {
  std::mt19937 generator(3);
  std::normal_distribution<float> normal(0.1f, 1.0f);
  std::vector<float> values(size);
  for (float& value : values) value = normal(generator);
  return values;
}

TEST(LinearHistogramTest, CostIsThatOfTheValues) {
  const std::vector<float> values = Normal(100000);
  LinearHistogram histogram(kBinBits);
  AddAll(values, &histogram);
  const HistogramTable table(histogram);
  for (const float scale : {0.5f, 0.03f, 0.011f}) {
    const double cost = TrueCost(values, scale, -2.0f, 1.5f);
    EXPECT_NEAR(table.QuantizationCost(scale, -2.0f, 1.5f).squared_error, cost,
                1e-3 * cost)
        << scale;
  }
}

TEST(LinearHistogramTest, EqualValuesAreExact) {
  std::vector<float> values;
  for (int i = 0; i < 5000; ++i) {
    values.push_back(static_cast<float>(i % 255 - 100) / 64.0f);
  }
  LinearHistogram histogram(kBinBits);
  AddAll(values, &histogram);
  const HistogramTable table(histogram);
  EXPECT_EQ(table.QuantizationCost(1.0f / 64, -2.0f, 3.0f).squared_error, 0.0);
  const double cost = TrueCost(values, 0.037f, -1.5f, 2.0f);
  EXPECT_NEAR(table.QuantizationCost(0.037f, -1.5f, 2.0f).squared_error, cost,
              1e-6 * cost);
}

TEST(LinearHistogramTest, GrowthKeepsTheSums) {
  std::vector<float> values = Normal(20000);
  // Ascending magnitudes: the range doubles many times.
  std::sort(values.begin(), values.end(),
            [](float a, float b) { return std::abs(a) < std::abs(b); });
  LinearHistogram growing(kBinBits);
  AddAll(values, &growing);
  std::reverse(values.begin(), values.end());
  LinearHistogram fixed(kBinBits);
  AddAll(values, &fixed);
  const double a =
      HistogramTable(growing).QuantizationCost(0.02f, -2, 2).squared_error;
  const double b =
      HistogramTable(fixed).QuantizationCost(0.02f, -2, 2).squared_error;
  EXPECT_NEAR(a, b, 1e-5 * b);
}

TEST(LinearHistogramTest, ManyEqualValuesDoNotOverflow) {
  const std::vector<float> block(1 << 20, 0.75f);
  LinearHistogram histogram(kBinBits);
  for (int i = 0; i < 20; ++i) AddAll(block, &histogram);
  // 0.75 becomes 0.5 or 1 at a step of 0.5: error 1/16 each.
  EXPECT_EQ(HistogramTable(histogram)
                .QuantizationCost(0.5f, 0.0f, 1.0f)
                .squared_error,
            20.0 * (1 << 20) / 16);
  LinearHistogram twice = histogram;
  twice.Merge(histogram);
  EXPECT_EQ(
      HistogramTable(twice).QuantizationCost(0.5f, 0.0f, 1.0f).squared_error,
      40.0 * (1 << 20) / 16);
}

TEST(LinearHistogramTest, LargestMagnitudeIsWithinABin) {
  std::vector<float> values = Normal(100000);
  LinearHistogram histogram(kBinBits);
  AddAll(values, &histogram);
  const HistogramTable table(histogram);
  std::sort(values.begin(), values.end());
  const float width = 8.0f / (1 << kBinBits);
  for (const int rank : {1, 10, 1000, 30000}) {
    EXPECT_NEAR(table.LargestMagnitude(true, rank),
                values[values.size() - rank], width);
    EXPECT_NEAR(table.LargestMagnitude(false, rank), -values[rank - 1], width);
  }
  EXPECT_EQ(table.LargestMagnitude(true, 90000), 0.0f);
}

TEST(LinearHistogramTest, CountsWithinAnInterval) {
  const std::vector<float> values = Normal(100000);
  LinearHistogram histogram(kBinBits);
  AddAll(values, &histogram);
  const HistogramTable table(histogram);
  double squares = 0;
  for (const float value : values) squares += value * value;
  EXPECT_NEAR(table.SumOfSquares(), squares, 1e-5 * squares);
  const std::pair<float, float> intervals[] = {
      {0.1f, 0.9f}, {-0.7f, -0.1f}, {-0.5f, 1.5f}, {-9.0f, 9.0f}, {8.0f, 9.0f}};
  for (const auto& [low, high] : intervals) {
    const auto count = std::count_if(
        values.begin(), values.end(),
        [low = low, high = high](float x) { return x >= low && x < high; });
    EXPECT_NEAR(table.CountWithin(low, high), static_cast<double>(count), 10)
        << low;
  }
}

TEST(LinearHistogramTest, ExtremeMagnitudesFit) {
  LinearHistogram histogram(kBinBits);
  AddAll({1e-45f, -1e-40f, 0.0f, 1e-20f, 3e38f, -3e38f, 1.0f}, &histogram);
  const HistogramTable table(histogram);
  EXPECT_NEAR(table.LargestMagnitude(true, 1), 3e38f, 1e34f);
  EXPECT_TRUE(std::isfinite(
      table.QuantizationCost(1e36f, -3e38f, 3e38f).squared_error));
}

}  // namespace
}  // namespace quantd
