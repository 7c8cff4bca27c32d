#include "base/testing/status_matchers.h"
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
}  // namespace
}  // namespace quantd::testing
