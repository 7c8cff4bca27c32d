#include "engine/layers/testing/function_check.h"

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"
#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(LogLayerTest, BaseIsEByDefault) {
  ExpectFunction("type: 'Log'", {1, 2.7182818f, 0.5f}, {0, 1, -0.6931472f});
  ExpectFunctionGradient("type: 'Log'", {0.5f, 1, 3});
  ExpectNanPasses("type: 'Log'");
}

TEST(LogLayerTest, BaseScaleAndShift) {
  const char* log = "type: 'Log' log_param { base: 2 scale: 3 shift: 1 }";
  ExpectFunction(log, {0, 1, 5}, {0, 2, 4});
  ExpectFunctionGradient(log, {0.25f, 1, 5});
}

TEST(LogLayerTest, BaseMustBePositiveAndNotOne) {
  for (const char* base : {"0", "1", "-2", "nan", "inf"}) {
    LayerTester tester(absl::StrCat(
        "type: 'Log' bottom: 'x' top: 'y' log_param { base: ", base, " }"));
    tester.Input("x", {1});
    EXPECT_THAT(tester.Forward(),
                StatusIs(absl::StatusCode::kInvalidArgument, "log_param.base"))
        << base;
  }
}

}  // namespace
}  // namespace quantd::testing
