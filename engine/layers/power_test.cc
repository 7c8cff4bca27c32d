#include <cmath>
#include <string>

#include "base/testing/status_matchers.h"
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
}  // namespace
}  // namespace quantd::testing
