#include "engine/layers/testing/function_check.h"

#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(SwishLayerTest, GatesByTheLogisticFunction) {
  // 1 / (1 + 1/e) and -2 / (1 + e^2).
  ExpectFunction("type: 'Swish'", {0, 1, -2}, {0, 0.7310586f, -0.2384058f});
  ExpectFunctionGradient("type: 'Swish'", {-3, -0.5f, 0, 2});
  ExpectNanPasses("type: 'Swish'");
}

TEST(SwishLayerTest, Beta) {
  const char* swish = "type: 'Swish' swish_param { beta: 2 }";
  ExpectFunction(swish, {0.5f, -1}, {0.3655293f, -0.1192029f});
  ExpectFunctionGradient(swish, {-3, -0.5f, 0, 2});
  ExpectFunction("type: 'Swish' swish_param { beta: 0 }", {3}, {1.5f});
}

}  // namespace
}  // namespace quantd::testing
