#include "engine/layers/testing/function_check.h"

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"
#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(ExpLayerTest, BaseIsEByDefault) {
  ExpectFunction("type: 'Exp'", {0, 1, -1}, {1, 2.7182818f, 0.3678794f});
  ExpectFunctionGradient("type: 'Exp'", {-2, 0, 1});
  ExpectNanPasses("type: 'Exp'");
}

TEST(ExpLayerTest, BaseScaleAndShift) {
  const char* exp = "type: 'Exp' exp_param { base: 2 scale: 3 shift: -1 }";
  ExpectFunction(exp, {0, 1, -1}, {0.5f, 4, 0.0625f});
  ExpectFunctionGradient(exp, {-2, 0, 0.25f});
}

TEST(ExpLayerTest, ShiftOfBaseE) {
  ExpectFunction("type: 'Exp' exp_param { scale: 2 shift: 1 }", {0, -0.5f},
                 {2.7182818f, 1});
}

TEST(ExpLayerTest, BaseMustBePositive) {
  for (const char* base : {"0", "-2", "nan", "inf"}) {
    LayerTester tester(absl::StrCat(
        "type: 'Exp' bottom: 'x' top: 'y' exp_param { base: ", base, " }"));
    tester.Input("x", {1});
    EXPECT_THAT(tester.Forward(),
                StatusIs(absl::StatusCode::kInvalidArgument, "exp_param.base"))
        << base;
  }
}

}  // namespace
}  // namespace quantd::testing
