#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

std::string Shuffle(int64_t group) {
  return absl::StrCat(
      "type: 'ShuffleChannel' bottom: 'x' top: 'y' shuffle_channel_param { "
      "group: ",
      group, " }");
}

TEST(ShuffleChannelLayerTest, TransposesGroups) {
  LayerTester shuffle(Shuffle(2));
  shuffle.Input("x", {1, 6, 1, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  ASSERT_OK(shuffle.Forward());
  EXPECT_EQ(shuffle.OutputShape("y"), Shape({1, 6, 1, 2}));
  EXPECT_THAT(shuffle.Output("y"),
              ElementsAre(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11));
}

TEST(ShuffleChannelLayerTest, OneGroupIsACopy) {
  LayerTester shuffle("type: 'ShuffleChannel' bottom: 'x' top: 'y'");
  shuffle.Input("x", {2, 2}, {0, 1, 2, 3});
  ASSERT_OK(shuffle.Forward());
  EXPECT_THAT(shuffle.Output("y"), ElementsAre(0, 1, 2, 3));
}

TEST(ShuffleChannelLayerTest, Gradient) {
  LayerTester shuffle(Shuffle(3));
  shuffle.Input("x", {2, 6, 2}, Noise(24));
  ExpectGradients(shuffle);
}

TEST(ShuffleChannelLayerTest, RefusesGroupsThatDoNotDivide) {
  for (const int64_t group : {int64_t{0}, int64_t{4}, int64_t{4294967295}}) {
    LayerTester shuffle(Shuffle(group));
    shuffle.Input("x", {1, 6, 2, 2});
    EXPECT_THAT(shuffle.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  }
  LayerTester shuffle(Shuffle(1));
  shuffle.Input("x", {6});
  EXPECT_THAT(shuffle.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
