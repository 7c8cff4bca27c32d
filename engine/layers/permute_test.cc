#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

std::string Permute(const std::string& param) {
  return "type: 'Permute' bottom: 'x' top: 'y' permute_param { " + param + " }";
}

TEST(PermuteLayerTest, MovesChannelsToTheEnd) {
  LayerTester permute(Permute("order: 0 order: 2 order: 3 order: 1"));
  permute.Input("x", {1, 2, 1, 3}, {0, 1, 2, 3, 4, 5});
  ASSERT_OK(permute.Forward());
  EXPECT_EQ(permute.OutputShape("y"), Shape({1, 1, 3, 2}));
  EXPECT_THAT(permute.Output("y"), ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(PermuteLayerTest, MissingAxesFollow) {
  LayerTester permute(Permute("order: 2"));
  permute.Input("x", {1, 2, 3}, {0, 1, 2, 3, 4, 5});
  ASSERT_OK(permute.Forward());
  EXPECT_EQ(permute.OutputShape("y"), Shape({3, 1, 2}));
  EXPECT_THAT(permute.Output("y"), ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(PermuteLayerTest, WithoutOrderIsACopy) {
  LayerTester permute("type: 'Permute' bottom: 'x' top: 'y'");
  permute.Input("x", {2, 2}, {0, 1, 2, 3});
  ASSERT_OK(permute.Forward());
  EXPECT_THAT(permute.Output("y"), ElementsAre(0, 1, 2, 3));
}

TEST(PermuteLayerTest, FollowsAChangedShape) {
  LayerTester permute(Permute("order: 1"));
  permute.Input("x", {1, 2}, {0, 1});
  ASSERT_OK(permute.Forward());
  permute.Input("x", {2, 2}, {0, 1, 2, 3});
  ASSERT_OK(permute.Forward());
  EXPECT_THAT(permute.Output("y"), ElementsAre(0, 2, 1, 3));
}

TEST(PermuteLayerTest, Gradient) {
  LayerTester permute(Permute("order: 3 order: 1 order: 0"));
  permute.Input("x", {2, 3, 2, 2}, Noise(24));
  ExpectGradients(permute);
}

TEST(PermuteLayerTest, RefusesAxesThatAreNone) {
  for (const char* param :
       {"order: 2", "order: 4294967295", "order: 1 order: 1",
        "order: 0 order: 1 order: 0"}) {
    LayerTester permute(Permute(param));
    permute.Input("x", {2, 2});
    EXPECT_THAT(permute.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << param;
  }
}

}  // namespace
}  // namespace quantd::testing
