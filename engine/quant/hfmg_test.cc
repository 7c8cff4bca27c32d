#include "engine/quant/hfmg.h"

#include <cmath>
#include <numeric>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

// The histogram of `batches`.
HfmgHistogram Histogram(int num_bins,
                        const std::vector<std::vector<float>>& batches) {
  absl::StatusOr<HfmgHistogram> histogram = HfmgHistogram::Create(num_bins);
  EXPECT_OK(histogram.status());
  for (const std::vector<float>& batch : batches) {
    EXPECT_OK(histogram->Add(batch));
  }
  return *std::move(histogram);
}

TEST(HfmgTest, CountsInBinsOfEqualWidth) {
  const HfmgHistogram histogram = Histogram(4, {{0, 1, 1.5f, 4, 3, 2, 2}});
  EXPECT_THAT(histogram.counts(), ElementsAre(1, 2, 2, 2));
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 4);
}

TEST(HfmgTest, BatchesInTheRangeAddUp) {
  const HfmgHistogram histogram = Histogram(4, {{0, 4}, {0.5f, 1, 4}, {2}});
  EXPECT_THAT(histogram.counts(), ElementsAre(2, 1, 1, 2));
}

TEST(HfmgTest, AWiderBatchSplitsBins) {
  // Bins of 1.5 on 0..6 over bins of 1 on 0..4: 1..2 gives half of its 4 to
  // each of two, 2..3 is whole in the second, 3..4 in the third.
  const HfmgHistogram histogram =
      Histogram(4, {{0, 1, 1, 1.2f, 1.4f, 2, 3, 4}, {6}});
  EXPECT_THAT(histogram.counts(), ElementsAre(3, 3, 2, 1));
  EXPECT_EQ(histogram.max(), 6);
  const HfmgHistogram left = Histogram(4, {{0, 4}, {-4}});
  EXPECT_THAT(left.counts(), ElementsAre(1, 0, 1, 1));
  EXPECT_EQ(left.min(), -4);
}

TEST(HfmgTest, EqualValuesAreInTheMiddle) {
  EXPECT_THAT(Histogram(4, {{2.5f, 2.5f}, {2.5f}}).counts(),
              ElementsAre(0, 0, 3, 0));
  EXPECT_THAT(Histogram(4, {{2.5f, 2.5f}, {0, 4}}).counts(),
              ElementsAre(1, 0, 2, 1));
}

TEST(HfmgTest, EqualValuesGiveTheirOwnScale) {
  ASSERT_OK_AND_ASSIGN(
      RangeFactors factors,
      HfmgSearch(Histogram(128, {std::vector<float>(9, 2.5f)}), 8, true));
  EXPECT_EQ(factors.scale, 2.5f / 255);
  EXPECT_EQ(factors.offset, -128);
}

TEST(HfmgTest, CutsOutliersOff) {
  // 200000 values in 0..1 and one at 1.4: at 4 bits clipping it costs less
  // than the wider cells do. A step is of 3 values, so it passes the gap.
  std::vector<float> batch(200001);
  for (int i = 0; i < 200000; ++i) batch[i] = static_cast<float>(i) * 5e-6f;
  batch.back() = 1.4f;
  ASSERT_OK_AND_ASSIGN(RangeFactors factors,
                       HfmgSearch(Histogram(140, {batch}), 4, true));
  EXPECT_NEAR(factors.scale * 15, 1.0, 0.05);
  EXPECT_EQ(factors.offset, -8);
  // The same on the other side, without offset.
  for (float& x : batch) x = -x;
  ASSERT_OK_AND_ASSIGN(RangeFactors negative,
                       HfmgSearch(Histogram(140, {batch}), 4, false));
  EXPECT_NEAR(negative.scale * 8, 1.0, 0.05);
  EXPECT_EQ(negative.offset, 0);
}

TEST(HfmgTest, AsFewAsOneBin) {
  ASSERT_OK_AND_ASSIGN(RangeFactors factors,
                       HfmgSearch(Histogram(1, {{0, 255}}), 8, true));
  EXPECT_EQ(factors.scale, 1);
}

TEST(HfmgTest, RefusesBadDataAndParameters) {
  for (const int num_bins : {-1, 0, 65537}) {
    EXPECT_THAT(HfmgHistogram::Create(num_bins),
                HasReason("OPTION_OUT_OF_RANGE"));
  }
  HfmgHistogram histogram = Histogram(4, {});
  EXPECT_THAT(HfmgSearch(histogram, 8, true), HasReason("ACTIVATION_EMPTY"));
  EXPECT_THAT(histogram.Add({}), HasReason("ACTIVATION_EMPTY"));
  EXPECT_THAT(histogram.Add({1, NAN}), HasReason("ACTIVATION_NOT_FINITE"));
  EXPECT_THAT(histogram.Add({3e38f, -3e38f}),
              HasReason("ACTIVATION_NOT_FINITE"));
  EXPECT_TRUE(histogram.empty());
  ASSERT_OK(histogram.Add({1, 2}));
  for (const int num_bits : {1, 17}) {
    EXPECT_THAT(HfmgSearch(histogram, num_bits, true),
                HasReason("OPTION_OUT_OF_RANGE"));
  }
}

}  // namespace
}  // namespace quantd
