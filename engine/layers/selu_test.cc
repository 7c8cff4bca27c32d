#include "engine/layers/testing/function_check.h"

#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(SeluLayerTest, DefaultsKeepMeanAndVariance) {
  // 1.050701, and 1.050701 * 1.6732632 * (1/e - 1).
  ExpectFunction("type: 'SeLU'", {1, 0, -1}, {1.050701f, 0, -1.1113307f});
  ExpectFunctionGradient("type: 'SeLU'", {2, 0.5f, -0.5f, -2});
  ExpectNanPasses("type: 'SeLU'");
}

TEST(SeluLayerTest, LambdaAndAlpha) {
  const char* selu = "type: 'SeLU' selu_param { lambda: 2 alpha: 0.5 }";
  ExpectFunction(selu, {3, -1, -100}, {6, -0.6321206f, -1});
  ExpectFunctionGradient(selu, {2, 0.5f, -0.5f, -2});
}

}  // namespace
}  // namespace quantd::testing
