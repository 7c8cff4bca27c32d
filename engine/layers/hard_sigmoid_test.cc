#include "engine/layers/testing/function_check.h"

#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(HardSigmoidLayerTest, IsALineCutToZeroAndOne) {
  ExpectFunction("type: 'HardSigmoid'", {-9, -2.5f, -1, 0, 2, 2.5f, 9},
                 {0, 0, 0.3f, 0.5f, 0.9f, 1, 1});
  ExpectFunctionGradient("type: 'HardSigmoid'", {-9, -2.4f, 0, 2.4f, 9});
  ExpectNanPasses("type: 'HardSigmoid'");
}

TEST(HardSigmoidLayerTest, AlphaAndBeta) {
  const char* sigmoid =
      "type: 'HardSigmoid' hard_sigmoid_param { alpha: -1 beta: 0.25 }";
  ExpectFunction(sigmoid, {-1, -0.5f, 0, 1}, {1, 0.75f, 0.25f, 0});
  ExpectFunctionGradient(sigmoid, {-1, -0.5f, 0, 1});
}

}  // namespace
}  // namespace quantd::testing
