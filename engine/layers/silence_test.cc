#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(SilenceLayerTest, ConsumesBottoms) {
  const auto net =
      MakeLayerNet(ParseLayer("type: 'Silence' bottom: 'a' bottom: 'b'"),
                   {{"a", Shape({2})}, {"b", Shape({1, 3})}});
  ASSERT_OK(net);
  EXPECT_TRUE((*net)->output_names().empty());
  EXPECT_OK((*net)->Forward());
}

TEST(SilenceLayerTest, TakesNoTops) {
  EXPECT_THAT(MakeLayerNet(ParseLayer("type: 'Silence' bottom: 'a' top: 'b'"),
                           {{"a", Shape({2})}}),
              HasReason("LAYER_ARITY_INVALID"));
}

TEST(SilenceLayerTest, GradientIsZero) {
  LayerTester silence("type: 'Silence' bottom: 'a' bottom: 'b'");
  silence.Input("a", {2}, {1, 2}).Input("b", {1}, {3});
  ASSERT_OK(silence.Backward());
  EXPECT_THAT(silence.InputDiff("a"), Values({0, 0}));
  EXPECT_THAT(silence.InputDiff("b"), Values({0}));
}

}  // namespace
}  // namespace quantd::testing
