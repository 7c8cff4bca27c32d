#include "engine/quant/ifmr_observer.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

absl::StatusOr<IfmrResult> Observe(const std::vector<float>& values,
                                   const IfmrParams& params,
                                   size_t batch_size) {
  ASSIGN_OR_RETURN(
      IfmrObserver observer,
      IfmrObserver::Create(params, static_cast<int64_t>(values.size())));
  absl::Span<const float> rest = values;
  while (!rest.empty()) {
    const absl::Span<const float> batch = rest.subspan(0, batch_size);
    RETURN_IF_ERROR(observer.Add(batch));
    rest.remove_prefix(batch.size());
  }
  return observer.Finish();
}

enum class Kind { kNormal, kRelu, kLaplace, kUniform, kPixels, kRelu6, kCount };

std::vector<float> Values(Kind kind, int seed, size_t size) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.2f, 1.7f);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  std::vector<float> values(size);
  for (float& value : values) {
    const float x = normal(generator);
    const float u = uniform(generator);
    const float pixel = static_cast<float>(generator() % 256);
    switch (kind) {
      case Kind::kNormal:
        value = x;
        break;
      case Kind::kRelu:
        value = std::max(x, 0.0f);
        break;
      case Kind::kLaplace:
        value = std::copysign(std::log(1.0001f - std::abs(u)), u);
        break;
      case Kind::kUniform:
        value = 3 * u;
        break;
      case Kind::kPixels:
        value = (pixel - 117.0f) * 0.017f;
        break;
      default:
        value = std::min(std::max(2 * x, 0.0f), 6.0f);
    }
  }
  return values;
}

TEST(IfmrObserverTest, AgreesWithTheExactSearch) {
  for (int kind = 0; kind < static_cast<int>(Kind::kCount); ++kind) {
    for (const bool with_offset : {true, false}) {
      SCOPED_TRACE(std::to_string(kind) + (with_offset ? " offset" : ""));
      const std::vector<float> values =
          Values(static_cast<Kind>(kind), kind, 200000);
      IfmrParams params;
      params.with_offset = with_offset;
      params.max_percentile = params.min_percentile = 0.9999f;
      ASSERT_OK_AND_ASSIGN(IfmrResult exact, IfmrSearch(values, params));
      ASSERT_OK_AND_ASSIGN(IfmrResult streamed, Observe(values, params, 7777));
      EXPECT_EQ(streamed.scale, exact.scale);
      EXPECT_EQ(streamed.offset, exact.offset);
      EXPECT_EQ(streamed.max, exact.max);
      EXPECT_EQ(streamed.min, exact.min);
      EXPECT_NEAR(streamed.best_loss, exact.best_loss, 1e-3 * exact.best_loss);
      EXPECT_FALSE(streamed.ambiguous);
    }
  }
}

TEST(IfmrObserverTest, ResultDoesNotDependOnTheBatches) {
  const std::vector<float> values = Values(Kind::kNormal, 5, 100000);
  ASSERT_OK_AND_ASSIGN(IfmrResult whole, Observe(values, {}, values.size()));
  for (const size_t batch_size : {1000, 1023, 33333}) {
    ASSERT_OK_AND_ASSIGN(IfmrResult cut, Observe(values, {}, batch_size));
    EXPECT_EQ(cut.scale, whole.scale);
    EXPECT_EQ(cut.offset, whole.offset);
    EXPECT_EQ(cut.best_loss, whole.best_loss);
    EXPECT_EQ(cut.loss_gap, whole.loss_gap);
  }
}

TEST(IfmrObserverTest, MergedPartsAreTheWhole) {
  const std::vector<float> values = Values(Kind::kLaplace, 6, 100000);
  ASSERT_OK_AND_ASSIGN(IfmrResult whole, Observe(values, {}, values.size()));
  ASSERT_OK_AND_ASSIGN(IfmrObserver first, IfmrObserver::Create({}, 100000));
  ASSERT_OK_AND_ASSIGN(IfmrObserver second, IfmrObserver::Create({}, 100000));
  const absl::Span<const float> span = values;
  ASSERT_OK(first.Add(span.first(100)));
  ASSERT_OK(second.Add(span.subspan(100)));
  ASSERT_OK(first.Merge(second));
  ASSERT_OK_AND_ASSIGN(IfmrResult merged, first.Finish());
  EXPECT_EQ(merged.scale, whole.scale);
  EXPECT_EQ(merged.offset, whole.offset);
  EXPECT_NEAR(merged.best_loss, whole.best_loss, 1e-7 * whole.best_loss);
}

TEST(IfmrObserverTest, LowPercentilesUseTheHistogramBeyondTheExactRanks) {
  const std::vector<float> values = Values(Kind::kNormal, 7, 1000000);
  IfmrParams params;
  params.max_percentile = params.min_percentile = 0.7f;
  ASSERT_GT(IfmrRank(1000000, 0.7f), IfmrObserver::kMaxExactRank);
  ASSERT_OK_AND_ASSIGN(IfmrResult exact, IfmrSearch(values, params));
  ASSERT_OK_AND_ASSIGN(IfmrResult streamed, Observe(values, params, 50000));
  EXPECT_NEAR(streamed.max, exact.max, 1e-4 * exact.max);
  EXPECT_NEAR(streamed.min, exact.min, -1e-4 * exact.min);
}

TEST(IfmrObserverTest, LargerValuesThatComeLateWidenTheRange) {
  std::vector<float> values = Values(Kind::kNormal, 8, 100000);
  for (size_t i = 0; i < 50000; ++i) values[i] *= 1e-4f;
  ASSERT_OK_AND_ASSIGN(IfmrResult exact, IfmrSearch(values, {}));
  ASSERT_OK_AND_ASSIGN(IfmrResult streamed, Observe(values, {}, 1000));
  EXPECT_EQ(streamed.scale, exact.scale);
  EXPECT_EQ(streamed.offset, exact.offset);
}

TEST(IfmrObserverTest, SummarizesTheValues) {
  // Half zeros; a tenth of the rest far out.
  std::vector<float> values(1000, 0.0f);
  for (int i = 0; i < 500; ++i) values[2 * i] = i % 10 == 0 ? 50.0f : -1.0f;
  ASSERT_OK_AND_ASSIGN(IfmrObserver observer, IfmrObserver::Create({}, 1000));
  ASSERT_OK(observer.Add(values));
  ActivationSummary summary;
  ASSERT_OK(observer.Finish(&summary));
  EXPECT_EQ(summary.count, 1000);
  EXPECT_DOUBLE_EQ(summary.zeros, 0.5);
  EXPECT_EQ(summary.min, -1.0f);
  EXPECT_EQ(summary.max, 50.0f);
  EXPECT_NEAR(summary.mean_square, 0.45 + 0.05 * 2500, 1e-9);
  ASSERT_EQ(summary.bars.size(), 96u);
  EXPECT_DOUBLE_EQ(summary.bars.front(), 0.45);
  EXPECT_DOUBLE_EQ(summary.bars.back(), 0.05);
  EXPECT_DOUBLE_EQ(summary.bars[50], 0.0);
  EXPECT_DOUBLE_EQ(summary.clipped, 0.0);
}

TEST(IfmrObserverTest, SummaryCountsWhatIsClipped) {
  std::vector<float> values = Values(Kind::kNormal, 9, 100000);
  IfmrParams params;
  params.max_percentile = params.min_percentile = 0.99f;
  params.search_range_start = params.search_range_end = 1.0f;
  ASSERT_OK_AND_ASSIGN(IfmrObserver observer,
                       IfmrObserver::Create(params, 100000));
  ASSERT_OK(observer.Add(values));
  ActivationSummary summary;
  ASSERT_OK(observer.Finish(&summary));
  EXPECT_NEAR(summary.clipped, 0.02, 0.001);
}

TEST(IfmrObserverTest, ZerosGetAmctsFactors) {
  const std::vector<float> zeros(1000, 0.0f);
  ASSERT_OK_AND_ASSIGN(IfmrResult result, Observe(zeros, {}, 100));
  EXPECT_TRUE(result.all_zero);
  EXPECT_EQ(result.scale, 1.0f);
  EXPECT_EQ(result.offset, -128);
}

TEST(IfmrObserverTest, RefusesWhatItCannotTake) {
  EXPECT_THAT(IfmrObserver::Create({}, 0), HasReason("OPTION_OUT_OF_RANGE"));
  ASSERT_OK_AND_ASSIGN(IfmrObserver observer, IfmrObserver::Create({}, 40));
  EXPECT_THAT(observer.Finish(), HasReason("ACTIVATION_EMPTY"));
  std::vector<float> values(20, 1.0f);
  ASSERT_OK(observer.Add(values));
  for (const float bad :
       {std::nanf(""), -std::nanf(""), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    ASSERT_OK_AND_ASSIGN(IfmrObserver fresh, IfmrObserver::Create({}, 40));
    values[13] = bad;
    EXPECT_THAT(fresh.Add(values), HasReason("ACTIVATION_NOT_FINITE")) << bad;
  }
  values.assign(21, 1.0f);
  EXPECT_THAT(observer.Add(values), HasReason("OPTION_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace quantd
