#include "engine/quant/process_scale.h"

#include <limits>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

TEST(ProcessScaleTest, SmallScalesBecomeOne) {
  for (float scale : {0.0f, -1.0f, 1e-12f, 1.1920928e-7f,
                      -std::numeric_limits<float>::infinity()}) {
    ASSERT_OK_AND_ASSIGN(const float processed, ProcessScale(scale));
    EXPECT_EQ(processed, 1.0f) << scale;
  }
}

TEST(ProcessScaleTest, LegalScalesStay) {
  for (float scale : {kMinScale, 0.5f, 1.0f, kMaxScale}) {
    ASSERT_OK_AND_ASSIGN(const float processed, ProcessScale(scale));
    EXPECT_EQ(processed, scale);
  }
}

TEST(ProcessScaleTest, LargeInfiniteAndNanScalesAreErrors) {
  for (float scale : {8388609.0f, std::numeric_limits<float>::infinity(),
                      std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_THAT(ProcessScale(scale), HasReason("SCALE_OUT_OF_RANGE")) << scale;
  }
}

TEST(ProcessScaleTest, DoubleHasItsOwnLimits) {
  ASSERT_OK_AND_ASSIGN(const double small, ProcessScale(1e-12));
  EXPECT_EQ(small, 1e-12);
  EXPECT_THAT(ProcessScale(1e30), HasReason("SCALE_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace quantd
