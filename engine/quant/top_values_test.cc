#include "engine/quant/top_values.h"

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(TopValuesTest, KeepsOrderStatisticsOfAnyStream) {
  std::mt19937 generator(1);
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> values(5000);
  for (float& value : values) value = normal(generator);
  TopValues whole(37), first(37), second(37), negated(37);
  const absl::Span<const float> span = values;
  whole.Offer(span, 1.0f);
  negated.Offer(span, -1.0f);
  first.Offer(span.first(1000), 1.0f);
  second.Offer(span.subspan(1000), 1.0f);
  first.Merge(second);
  std::sort(values.begin(), values.end(), std::greater<float>());
  for (int rank : {1, 2, 36, 37}) {
    EXPECT_EQ(whole.Get(rank), values[rank - 1]);
    EXPECT_EQ(first.Get(rank), values[rank - 1]);
    EXPECT_EQ(negated.Get(rank), -values[values.size() - rank]);
  }
}

TEST(TopValuesTest, FewerPositiveValuesThanTheRankGiveZero) {
  TopValues top(3);
  const std::vector<float> values = {-1.0f, 0.0f, 2.0f};
  top.Offer(values, 1.0f);
  EXPECT_EQ(top.Get(1), 2.0f);
  EXPECT_EQ(top.Get(2), 0.0f);
}

TEST(TopValuesTest, ThresholdRisesOnceFull) {
  TopValues top(1);
  const std::vector<float> values = {1.0f, 3.0f, 2.0f};
  EXPECT_EQ(top.threshold(), 0.0f);
  top.Offer(values, 1.0f);
  EXPECT_EQ(top.threshold(), 3.0f);
  EXPECT_EQ(top.Get(1), 3.0f);
}

}  // namespace
}  // namespace quantd
