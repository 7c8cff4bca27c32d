#include "engine/quant/ulq.h"

#include <cmath>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

// RestoreClips() of `clips` and `remembered`, as {max, min, max, min}.
std::vector<float> Restored(UlqClips clips, UlqClips remembered, bool both) {
  EXPECT_EQ(RestoreClips(&clips, &remembered), both);
  return {clips.max, clips.min, remembered.max, remembered.min};
}

TEST(UlqTest, RestoreClips) {
  EXPECT_THAT(Restored({4, -1}, {9, -9}, false), ElementsAre(4, -1, 4, -1));
  EXPECT_THAT(Restored({1, 2}, {3, 0}, true), ElementsAre(3, 0, 3, 0));
  EXPECT_THAT(Restored({2, 2}, {3, 0}, true), ElementsAre(3, 0, 3, 0));
  EXPECT_THAT(Restored({-1, -2}, {4, -3}, false), ElementsAre(4, -2, 4, -2));
  EXPECT_THAT(Restored({4, 1}, {5, -2}, false), ElementsAre(4, -2, 4, -2));
}

TEST(UlqTest, FactorsAndRange) {
  ASSERT_OK_AND_ASSIGN(UlqFactors factors, UlqFactorsOf({12.4f, -2.6f}, 4));
  EXPECT_EQ(factors.scale, 1.0f);
  EXPECT_EQ(factors.zero_point, -3);
  EXPECT_EQ(UlqRecordOffset(factors, 4), -5);
  EXPECT_EQ(UlqRange(factors, 4).max, 12);
  EXPECT_EQ(UlqRange(factors, 4).min, -3);
}

TEST(UlqTest, RefusesClipsWithoutAScale) {
  EXPECT_THAT(UlqFactorsOf({1, 1}, 8), HasReason("SCALE_OUT_OF_RANGE"));
  EXPECT_THAT(UlqFactorsOf({0, 1}, 8), HasReason("SCALE_OUT_OF_RANGE"));
  EXPECT_THAT(UlqFactorsOf({std::nanf(""), 0}, 8),
              HasReason("SCALE_OUT_OF_RANGE"));
  EXPECT_THAT(UlqFactorsOf({HUGE_VALF, 0}, 8), HasReason("SCALE_OUT_OF_RANGE"));
  EXPECT_THAT(UlqFactorsOf({1, 0}, 1), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(UlqFactorsOf({1, 0}, 17), HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(UlqTest, RoundsHalfToEvenBetweenTheLevels) {
  const std::vector<float> x = {0.5f, 1.5f, -0.5f, 100, -100, 1.2f, NAN};
  std::vector<float> y(x.size());
  UlqForward(x, {1.0f, -3}, 4, absl::MakeSpan(y));
  y.back() = std::isnan(y.back()) ? 1 : 0;
  EXPECT_THAT(y, ElementsAre(0, 2, 0, 12, -3, 1, 1));
}

TEST(UlqTest, GradientOfTheClips) {
  // n = 2: S = 3, span 3, so t = v. D(-0.75) = (-1 + 0.75) / 3 = -1 / 12,
  // D(0.5) = (1 - 0.5) / 3.
  const std::vector<float> x = {10, -10, 0.5f};
  const UlqClips range{2, -1};
  const UlqClips clips{2.25f, -0.75f};
  const auto gradient = [&](std::vector<float> dy) {
    return UlqClipGradient(x, dy, range, clips, 2);
  };
  EXPECT_NEAR(gradient({1, 0, 0}).max, 1 - 1.0 / 12, 1e-6);
  EXPECT_NEAR(gradient({1, 0, 0}).min, 1.0 / 12, 1e-6);
  EXPECT_NEAR(gradient({0, 1, 0}).max, -1.0 / 12, 1e-6);
  EXPECT_NEAR(gradient({0, 1, 0}).min, 1 + 1.0 / 12, 1e-6);
  EXPECT_NEAR(gradient({0, 0, 2}).max, 1.0 / 3, 1e-6);
  EXPECT_NEAR(gradient({0, 0, 2}).min, -1.0 / 3, 1e-6);
}

TEST(UlqTest, GradientOfTheInput) {
  const std::vector<float> x = {2, 2.1f, -1, -1.1f};
  std::vector<float> dy = {1, 2, 3, 4};
  UlqInputGradient(x, dy, {2, -1}, absl::MakeSpan(dy));
  EXPECT_THAT(dy, ElementsAre(1, 0, 3, 0));
}

}  // namespace
}  // namespace quantd
