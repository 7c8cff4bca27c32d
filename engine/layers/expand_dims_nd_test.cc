#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester ExpandDims(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'ExpandDimsND' bottom: 'x' top: 'y' "
                   "expand_dims_nd_param { ",
                   fields, " }"));
}

TEST(ExpandDimsNdLayerTest, Shapes) {
  for (const auto& [fields, shape] : std::vector<std::pair<std::string, Shape>>{
           {"", {2, 3}},
           {"axis: 0", {1, 2, 3}},
           {"axis: 2", {2, 3, 1}},
           {"axis: -1", {2, 3, 1}},
           {"axis: -3", {1, 2, 3}},
           {"axis: 0 axis: 2", {1, 2, 3, 1}},
           {"axis: 1 axis: 1", {2, 1, 1, 3}}}) {
    LayerTester expand = ExpandDims(fields);
    expand.Input("x", {2, 3}, {1, 2, 3, 4, 5, 6});
    ASSERT_OK(expand.Forward());
    EXPECT_EQ(expand.OutputShape("y"), shape) << fields;
    EXPECT_THAT(expand.Output("y"), Values({1, 2, 3, 4, 5, 6}));
  }
}

TEST(ExpandDimsNdLayerTest, RefusesWrongAxes) {
  std::string many;
  for (int i = 0; i < 31; ++i) absl::StrAppend(&many, "axis: 0 ");
  for (const std::string& fields :
       {std::string("axis: 3"), std::string("axis: -4")}) {
    LayerTester expand = ExpandDims(fields);
    expand.Input("x", {2, 3});
    EXPECT_THAT(expand.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  }
  LayerTester expand = ExpandDims(many);
  expand.Input("x", {2, 3});
  EXPECT_THAT(expand.Forward(), HasReason("SHAPE_INVALID"));
}

TEST(ExpandDimsNdLayerTest, Gradient) {
  LayerTester expand = ExpandDims("axis: 1");
  expand.Input("x", {2, 3}, Noise(6));
  ExpectGradients(expand);
}

}  // namespace
}  // namespace quantd::testing
