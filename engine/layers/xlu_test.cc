#include "engine/layers/testing/function_check.h"

#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(XluLayerTest, IsReluByDefault) {
  ExpectFunction("type: 'XLU'", {-2, 0, 9}, {0, 0, 9});
  ExpectNanPasses("type: 'XLU'");
}

TEST(XluLayerTest, SlopeAndSix) {
  const char* xlu = "type: 'XLU' xlu_param { negative_slope: 0.5 relu6: true }";
  ExpectFunction(xlu, {-2, 3, 9}, {-1, 3, 6});
  ExpectFunctionGradient(xlu, {-2, 3, 9});
}

TEST(XluLayerTest, MaximumIfPositiveAndMinimumIfNotZero) {
  const char* xlu =
      "type: 'XLU' xlu_param { negative_slope: 0.5 maximum: 2 minimum: -1 }";
  ExpectFunction(xlu, {-4, -1, 1, 3}, {-1, -0.5f, 1, 2});
  ExpectFunctionGradient(xlu, {-4, -1, 1, 3});
  ExpectFunction(
      "type: 'XLU' xlu_param { negative_slope: 1 maximum: -2 minimum: 0 }",
      {-4, 3}, {-4, 3});
  ExpectFunction("type: 'XLU' xlu_param { relu6: true maximum: 9 }", {8}, {6});
}

}  // namespace
}  // namespace quantd::testing
