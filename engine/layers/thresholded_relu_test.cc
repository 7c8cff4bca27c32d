#include "engine/layers/testing/function_check.h"

#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(ThresholdedReluLayerTest, CutsUpToAlpha) {
  const char* relu = "type: 'ThresholdedReLU'";
  ExpectFunction(relu, {-2, 0.5f, 1, 1.25f}, {0, 0, 0, 1.25f});
  ExpectFunctionGradient(relu, {-2, 0.9f, 1.1f});
  ExpectNanPasses(relu);
}

TEST(ThresholdedReluLayerTest, Alpha) {
  ExpectFunction("type: 'ThresholdedReLU' thresholded_relu_param { alpha: -1 }",
                 {-2, -1, -0.5f, 3}, {0, 0, -0.5f, 3});
}

}  // namespace
}  // namespace quantd::testing
