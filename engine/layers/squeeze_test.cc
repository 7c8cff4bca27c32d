#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Squeeze(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'Squeeze' bottom: 'x' top: 'y' squeeze_param { ", fields, " }"));
}

TEST(SqueezeLayerTest, Shapes) {
  for (const auto& [fields, shape] : std::vector<std::pair<std::string, Shape>>{
           {"", {2, 3}},
           {"axis: 1", {2, 3, 1}},
           {"axis: -1", {2, 1, 3}},
           {"axis: 3 axis: 1", {2, 3}}}) {
    LayerTester squeeze = Squeeze(fields);
    squeeze.Input("x", {2, 1, 3, 1}, {1, 2, 3, 4, 5, 6});
    ASSERT_OK(squeeze.Forward());
    EXPECT_EQ(squeeze.OutputShape("y"), shape) << fields;
    EXPECT_THAT(squeeze.Output("y"), Values({1, 2, 3, 4, 5, 6}));
  }
}

TEST(SqueezeLayerTest, OneValueBecomesAScalar) {
  LayerTester squeeze = Squeeze("");
  squeeze.Input("x", {1, 1}, {7});
  ASSERT_OK(squeeze.Forward());
  EXPECT_EQ(squeeze.OutputShape("y"), Shape());
}

TEST(SqueezeLayerTest, RefusesWrongAxes) {
  for (const char* fields :
       {"axis: 0", "axis: 4", "axis: -5", "axis: 1 axis: -3"}) {
    LayerTester squeeze = Squeeze(fields);
    squeeze.Input("x", {2, 1, 3, 1});
    EXPECT_THAT(squeeze.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(SqueezeLayerTest, Gradient) {
  LayerTester squeeze = Squeeze("");
  squeeze.Input("x", {2, 1, 3}, Noise(6));
  ExpectGradients(squeeze);
}

}  // namespace
}  // namespace quantd::testing
