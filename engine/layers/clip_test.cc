#include "engine/layers/testing/function_check.h"

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"
#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(ClipLayerTest, CutsBothSides) {
  const char* clip = "type: 'Clip' clip_param { min: -0.5 max: 2 }";
  ExpectFunction(clip, {-9, -0.5f, 0, 1.5f, 2, 3},
                 {-0.5f, -0.5f, 0, 1.5f, 2, 2});
  ExpectFunctionGradient(clip, {-9, -0.6f, -0.4f, 1, 1.9f, 2.1f});
  ExpectNanPasses(clip);
}

TEST(ClipLayerTest, GradientPassesAtTheLimits) {
  LayerTester clip(
      "type: 'Clip' bottom: 'x' top: 'y' clip_param { min: -1 max: 2 }");
  clip.Input("x", {4}, {-1, 2, -1.5f, 2.5f});
  ASSERT_OK(clip.Backward());
  EXPECT_THAT(clip.InputDiff("x"), Values({1, 1, 0, 0}));
}

TEST(ClipLayerTest, LimitsAreRequired) {
  LayerTester no_max("type: 'Clip' bottom: 'x' top: 'y' clip_param { min: 0 }");
  no_max.Input("x", {1});
  EXPECT_THAT(no_max.Forward(),
              StatusIs(absl::StatusCode::kInvalidArgument, "clip_param.max"));
  LayerTester no_min("type: 'Clip' bottom: 'x' top: 'y'");
  no_min.Input("x", {1});
  EXPECT_THAT(no_min.Forward(),
              StatusIs(absl::StatusCode::kInvalidArgument, "clip_param.min"));
}

}  // namespace
}  // namespace quantd::testing
