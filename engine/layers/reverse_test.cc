#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

std::string Reverse(const std::string& param) {
  return "type: 'Reverse' bottom: 'x' top: 'y' reverse_param { " + param + " }";
}

TEST(ReverseLayerTest, WithoutAxesTurnsTheFirst) {
  LayerTester reverse("type: 'Reverse' bottom: 'x' top: 'y'");
  reverse.Input("x", {3, 2}, {0, 1, 2, 3, 4, 5});
  ASSERT_OK(reverse.Forward());
  EXPECT_THAT(reverse.Output("y"), ElementsAre(4, 5, 2, 3, 0, 1));
}

TEST(ReverseLayerTest, TurnsAllAxesGiven) {
  LayerTester one(Reverse("axis: -1"));
  one.Input("x", {2, 3}, {0, 1, 2, 3, 4, 5});
  ASSERT_OK(one.Forward());
  EXPECT_THAT(one.Output("y"), ElementsAre(2, 1, 0, 5, 4, 3));
  LayerTester both(Reverse("axis: 1 axis: 0"));
  both.Input("x", {2, 3}, {0, 1, 2, 3, 4, 5});
  ASSERT_OK(both.Forward());
  EXPECT_THAT(both.Output("y"), ElementsAre(5, 4, 3, 2, 1, 0));
}

TEST(ReverseLayerTest, EmptyTensors) {
  LayerTester reverse(Reverse("axis: 1"));
  reverse.Input("x", {2, 0});
  ASSERT_OK(reverse.Forward());
  EXPECT_EQ(reverse.OutputShape("y"), Shape({2, 0}));
}

TEST(ReverseLayerTest, Gradient) {
  LayerTester reverse(Reverse("axis: 1 axis: -1"));
  reverse.Input("x", {2, 3, 2, 2}, Noise(24));
  ExpectGradients(reverse);
}

TEST(ReverseLayerTest, RefusesWrongAxes) {
  for (const char* param : {"axis: 2", "axis: -3", "axis: 1 axis: -1"}) {
    LayerTester reverse(Reverse(param));
    reverse.Input("x", {2, 2});
    EXPECT_THAT(reverse.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  }
  LayerTester in_place("type: 'Reverse' bottom: 'x' top: 'x'");
  in_place.Input("x", {2, 2});
  EXPECT_THAT(in_place.Forward(), HasReason("NET_IN_PLACE_UNSUPPORTED"));
}

}  // namespace
}  // namespace quantd::testing
