#include "engine/layers/testing/function_check.h"

#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(HswishLayerTest, GatesByALineFromMinusThreeToThree) {
  for (const char* hswish : {"type: 'Hswish'", "type: 'HardSwish'"}) {
    ExpectFunction(hswish, {-4, -3, -1.5f, 0, 3, 4}, {0, 0, -0.375f, 0, 3, 4});
    ExpectFunctionGradient(hswish, {-4, -2.9f, -1, 0, 2.9f, 4});
    ExpectNanPasses(hswish);
  }
}

TEST(HswishLayerTest, SlopeIsInsideTheGate) {
  const char* hswish = "type: 'Hswish' hswish_param { negative_slope: 0.5 }";
  // The gate at -5 is 0.5 * -2.
  ExpectFunction(hswish, {-5, 0, 1}, {0.8333333f, 0, 0.6666667f});
  ExpectFunctionGradient(hswish, {-5, -2, 1, 4});
}

}  // namespace
}  // namespace quantd::testing
