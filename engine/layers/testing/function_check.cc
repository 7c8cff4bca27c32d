#include "engine/layers/testing/function_check.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

constexpr const char* kTops[] = {"y", "x"};

LayerTester MakeTester(const std::string& fields, const std::string& top,
                       const std::vector<float>& x) {
  LayerTester tester(absl::StrCat(fields, " bottom: 'x' top: '", top, "'"));
  tester.Input("x", {static_cast<int64_t>(x.size())}, x);
  return tester;
}

}  // namespace

void ExpectFunction(const std::string& fields, const std::vector<float>& x,
                    const std::vector<float>& y, float tolerance) {
  for (const char* top : kTops) {
    SCOPED_TRACE(absl::StrCat(fields, ", top ", top));
    LayerTester tester = MakeTester(fields, top, x);
    ASSERT_OK(tester.Forward());
    EXPECT_THAT(tester.Output(top), Values(y, tolerance));
  }
}

void ExpectFunctionGradient(const std::string& fields,
                            const std::vector<float>& x) {
  for (const char* top : kTops) {
    SCOPED_TRACE(absl::StrCat(fields, ", top ", top));
    LayerTester tester = MakeTester(fields, top, x);
    ExpectGradients(tester);
  }
}

void ExpectNanPasses(const std::string& fields) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  LayerTester tester = MakeTester(fields, "y", {0.5f, nan, 0.5f});
  ASSERT_OK(tester.Forward());
  const std::vector<float> y = tester.Output("y");
  ASSERT_EQ(y.size(), 3u);
  EXPECT_TRUE(std::isnan(y[1])) << fields << ": " << y[1];
  EXPECT_FALSE(std::isnan(y[0]) || std::isnan(y[2])) << fields;
}

}  // namespace quantd::testing
