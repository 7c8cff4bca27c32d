#include "engine/layers/testing/function_check.h"

#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(EluLayerTest, IsExponentialBelowZero) {
  // 1 - 1/e, 1 - 1/e^2.
  ExpectFunction("type: 'ELU'", {3, 0, -1, -2},
                 {3, 0, -0.6321206f, -0.8646647f});
  ExpectFunctionGradient("type: 'ELU'", {2, 0.5f, -0.5f, -2});
  ExpectNanPasses("type: 'ELU'");
}

TEST(EluLayerTest, Alpha) {
  const char* elu = "type: 'ELU' elu_param { alpha: -0.5 }";
  ExpectFunction(elu, {3, -1, -100}, {3, 0.3160603f, 0.5f});
  ExpectFunctionGradient(elu, {2, 0.5f, -0.5f, -2});
}

}  // namespace
}  // namespace quantd::testing
