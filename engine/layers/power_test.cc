#include <cmath>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Power(const std::string& param) {
  return LayerTester("type: 'Power' bottom: 'x' top: 'y' power_param { " +
                     param + " }");
}

TEST(PowerLayerTest, ShiftsScalesAndRaises) {
  LayerTester power = Power("power: 2 scale: 3 shift: 1");
  power.Input("x", {3}, {0, 1, -1});
  ASSERT_OK(power.Forward());
  EXPECT_THAT(power.Output("y"), Values({1, 16, 4}));
}

TEST(PowerLayerTest, IsLinearByDefault) {
  LayerTester power = Power("scale: -2 shift: 0.5");
  power.Input("x", {2}, {1, -1});
  ASSERT_OK(power.Forward());
  EXPECT_THAT(power.Output("y"), Values({-1.5, 2.5}));
}

TEST(PowerLayerTest, ZeroScaleOrPowerIsAConstant) {
  LayerTester scale = Power("power: 2 scale: 0 shift: 3");
  scale.Input("x", {2}, {1, INFINITY});
  ASSERT_OK(scale.Forward());
  EXPECT_THAT(scale.Output("y"), Values({9, 9}));
  LayerTester power = Power("power: 0 scale: 2 shift: 3");
  power.Input("x", {1}, {5});
  ASSERT_OK(power.Forward());
  EXPECT_THAT(power.Output("y"), Values({1}));
}

TEST(PowerLayerTest, Gradient) {
  for (const char* fields :
       {"power: 2 scale: 0.5 shift: -0.25", "power: 3 scale: -1 shift: 0.5",
        "power: -1.5 scale: 0.5 shift: 2", "power: 1 scale: 3 shift: 1",
        "power: 2", "power: 0", "scale: 0 power: 2 shift: 3"}) {
    for (const char* top : {"y", "x"}) {
      SCOPED_TRACE(absl::StrCat(fields, " -> ", top));
      LayerTester power(absl::StrCat("type: 'Power' bottom: 'x' top: '", top,
                                     "' power_param { ", fields, " }"));
      power.Input("x", {3, 4}, Noise(12));
      ExpectGradients(power);
    }
  }
}

TEST(PowerLayerTest, GradientOfASquareAtZeroIsZero) {
  LayerTester power(
      "type: 'Power' bottom: 'x' top: 'y' power_param { power: 3 }");
  power.Input("x", {2}, {0, 2});
  ASSERT_OK(power.Backward());
  EXPECT_THAT(power.InputDiff("x"), Values({0, 12}));
}

}  // namespace
}  // namespace quantd::testing
