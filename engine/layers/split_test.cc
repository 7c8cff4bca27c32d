#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(SplitLayerTest, CopiesToEveryTop) {
  LayerTester split("type: 'Split' bottom: 'x' top: 'a' top: 'b'");
  split.Input("x", {2, 1}, {1, 2});
  ASSERT_OK(split.Forward());
  EXPECT_THAT(split.Output("a"), Values({1, 2}));
  EXPECT_THAT(split.Output("b"), Values({1, 2}));
  EXPECT_EQ(split.OutputShape("b"), Shape({2, 1}));
}

TEST(SplitLayerTest, IsNotInPlace) {
  LayerTester split("type: 'Split' bottom: 'x' top: 'x'");
  split.Input("x", {1}, {1});
  EXPECT_THAT(split.Forward(), HasReason("NET_IN_PLACE_UNSUPPORTED"));
}

TEST(SplitLayerTest, Gradient) {
  LayerTester split("type: 'Split' bottom: 'x' top: 'a' top: 'b' top: 'c'");
  split.Input("x", {2, 3}, Noise(6));
  ExpectGradients(split);
}

}  // namespace
}  // namespace quantd::testing
