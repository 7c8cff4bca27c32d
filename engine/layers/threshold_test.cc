#include "engine/layers/testing/function_check.h"

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"
#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(ThresholdLayerTest, IsStrict) {
  ExpectFunction("type: 'Threshold'", {-1, 0, 0.1f, 2}, {0, 0, 1, 1});
  ExpectFunction("type: 'Threshold' threshold_param { threshold: -0.5 }",
                 {-1, -0.5f, -0.25f, 0}, {0, 0, 1, 1});
}

TEST(ThresholdLayerTest, HasNoGradient) {
  LayerTester threshold("type: 'Threshold' bottom: 'x' top: 'y'");
  threshold.Input("x", {1}, {1});
  ASSERT_OK(threshold.Forward());
  EXPECT_FALSE(threshold.layer().IsDifferentiable(0));
}

}  // namespace
}  // namespace quantd::testing
