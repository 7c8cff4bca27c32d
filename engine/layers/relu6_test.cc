#include "engine/layers/testing/function_check.h"

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"
#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(Relu6LayerTest, CutsBothSides) {
  ExpectFunction("type: 'ReLU6'", {-2, 0, 3, 6, 7}, {0, 0, 3, 6, 6});
  ExpectFunctionGradient("type: 'ReLU6'", {-2, 0.1f, 3, 5.9f, 6.1f});
  ExpectNanPasses("type: 'ReLU6'");
}

TEST(Relu6LayerTest, SlopeOfEitherMessage) {
  ExpectFunction("type: 'ReLU6' relu_param { negative_slope: 0.5 }", {-2, 3, 7},
                 {-1, 3, 6});
  ExpectFunction(
      "type: 'ReLU6' relu_param { negative_slope: 0.5 } "
      "relu6_param { negative_slope: 0.25 }",
      {-2, 3, 7}, {-0.5f, 3, 6});
  ExpectFunctionGradient("type: 'ReLU6' relu6_param { negative_slope: -1 }",
                         {-9, -2, 3, 7});
}

TEST(Relu6LayerTest, NoGradientAtSixAndTheSlopeAtZero) {
  LayerTester relu6(
      "type: 'ReLU6' bottom: 'x' top: 'y' relu6_param { negative_slope: 0.5 }");
  relu6.Input("x", {2}, {6, 0});
  ASSERT_OK(relu6.Backward());
  EXPECT_THAT(relu6.InputDiff("x"), Values({0, 0.5f}));
}

}  // namespace
}  // namespace quantd::testing
