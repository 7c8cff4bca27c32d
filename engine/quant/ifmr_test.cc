#include "engine/quant/ifmr.h"

#include <cmath>
#include <limits>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;

TEST(IfmrTest, RankIsRoundedInFloat32) {
  EXPECT_EQ(IfmrRank(1000000, 0.999999f), 1);
  EXPECT_EQ(IfmrRank(1605632, 0.999999f), 2);
  EXPECT_EQ(IfmrRank(2097152, 0.999999f), 3);
  EXPECT_EQ(IfmrRank(10000000, 0.999999f), 10);
  EXPECT_EQ(IfmrRank(32000000, 0.999999f), 32);
  EXPECT_EQ(IfmrRank(32000000, 1.0f), 1);
}

TEST(IfmrTest, CandidatesAreCountedInFloat32) {
  IfmrParams params;
  ASSERT_OK_AND_ASSIGN(auto candidates, IfmrCandidates(params, 1.0f, 0.0f));
  EXPECT_EQ(candidates.size(), 60u);
  EXPECT_EQ(candidates.back().high, 0.7f + 59 * 0.01f);
  params.search_range_start = 0.8f;
  params.search_range_end = 1.2f;
  params.search_step = 0.02f;
  ASSERT_OK_AND_ASSIGN(candidates, IfmrCandidates(params, 1.0f, 0.0f));
  EXPECT_EQ(candidates.size(), 21u);
}

TEST(IfmrTest, MinStaysFixedWithOffset) {
  ASSERT_OK_AND_ASSIGN(auto candidates, IfmrCandidates({}, 2.0f, -1.0f));
  EXPECT_EQ(candidates[0].low, -1.0f);
  EXPECT_EQ(candidates[0].high, 0.7f * 2.0f);
  EXPECT_EQ(candidates[59].low, -1.0f);
}

TEST(IfmrTest, TieTakesTheNegativeSideWithoutOffset) {
  IfmrParams params;
  params.with_offset = false;
  params.search_range_start = params.search_range_end = 1.0f;
  ASSERT_OK_AND_ASSIGN(auto tie, IfmrCandidates(params, 2.0f, -2.0f));
  ASSERT_EQ(tie.size(), 1u);
  EXPECT_EQ(tie[0].scale, 2.0f / 128);
  ASSERT_OK_AND_ASSIGN(auto positive, IfmrCandidates(params, 2.0f, -1.0f));
  EXPECT_EQ(positive[0].scale, 2.0f / 127);
}

TEST(IfmrTest, AllZeroGivesScaleOne) {
  const std::vector<float> zeros(100, 0.0f);
  ASSERT_OK_AND_ASSIGN(IfmrResult result, IfmrSearch(zeros, {}));
  EXPECT_EQ(result.scale, 1.0f);
  EXPECT_EQ(result.offset, -128);
  EXPECT_TRUE(result.all_zero);
}

TEST(IfmrTest, PixelsOver256GiveTheirOwnGrid) {
  std::vector<float> pixels;
  for (int i = 0; i < 256; ++i) pixels.push_back(static_cast<float>(i) / 256);
  ASSERT_OK_AND_ASSIGN(IfmrResult result, IfmrSearch(pixels, {}));
  EXPECT_EQ(result.scale, 1.0f / 256);
  EXPECT_EQ(result.offset, -128);
  EXPECT_EQ(result.best_loss, 0.0);
}

TEST(IfmrTest, RefusesWhatCannotBeSearched) {
  EXPECT_THAT(IfmrSearch({}, {}), HasReason("ACTIVATION_EMPTY"));
  const std::vector<float> nan = {1.0f, std::nanf("")};
  EXPECT_THAT(IfmrSearch(nan, {}), HasReason("ACTIVATION_NOT_FINITE"));
  const std::vector<float> infinite = {1.0f,
                                       -std::numeric_limits<float>::infinity()};
  EXPECT_THAT(IfmrSearch(infinite, {}), HasReason("ACTIVATION_NOT_FINITE"));
  const std::vector<float> huge = {1e30f};
  EXPECT_THAT(IfmrSearch(huge, {}), HasReason("SCALE_OUT_OF_RANGE"));
}

TEST(IfmrTest, ParametersAreNamedInErrors) {
  const auto message_of = [](auto change) {
    IfmrParams params;
    change(params);
    return CheckIfmrParams(params);
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(message_of([](IfmrParams& p) { p.num_bits = 1; }),
              StatusIs(kInvalid, "num_bits"));
  EXPECT_THAT(message_of([](IfmrParams& p) { p.search_range_start = 0; }),
              StatusIs(kInvalid, "search_range_start"));
  EXPECT_THAT(message_of([](IfmrParams& p) { p.search_range_end = 0.5f; }),
              StatusIs(kInvalid, "search_range_end"));
  EXPECT_THAT(message_of([](IfmrParams& p) { p.search_step = 0; }),
              StatusIs(kInvalid, "search_step"));
  EXPECT_THAT(message_of([](IfmrParams& p) { p.search_step = 1e-9f; }),
              StatusIs(kInvalid, "search_step"));
  EXPECT_THAT(message_of([](IfmrParams& p) { p.max_percentile = 1.5f; }),
              StatusIs(kInvalid, "max_percentile"));
  EXPECT_THAT(message_of([](IfmrParams& p) { p.min_percentile = 0; }),
              StatusIs(kInvalid, "min_percentile"));
}

}  // namespace
}  // namespace quantd
