#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Unstack(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'Unstack' bottom: 'x' top: 'a' top: 'b' "
                   "unstack_param { ",
                   fields, " }"));
}

TEST(UnstackLayerTest, OneTopForEachIndex) {
  for (const char* fields : {"axis: 1", "axis: -1 num: 2"}) {
    LayerTester unstack = Unstack(fields);
    unstack.Input("x", {3, 2}, {1, 2, 3, 4, 5, 6});
    ASSERT_OK(unstack.Forward());
    EXPECT_EQ(unstack.OutputShape("a"), Shape({3}));
    EXPECT_THAT(unstack.Output("a"), Values({1, 3, 5}));
    EXPECT_THAT(unstack.Output("b"), Values({2, 4, 6}));
  }
}

TEST(UnstackLayerTest, FirstAxisByDefault) {
  LayerTester unstack = Unstack("");
  unstack.Input("x", {2, 1, 2}, {1, 2, 3, 4});
  ASSERT_OK(unstack.Forward());
  EXPECT_EQ(unstack.OutputShape("a"), Shape({1, 2}));
  EXPECT_THAT(unstack.Output("a"), Values({1, 2}));
  EXPECT_THAT(unstack.Output("b"), Values({3, 4}));
}

TEST(UnstackLayerTest, RefusesWrongFieldsAndShapes) {
  for (const char* fields : {"num: 3", "axis: 2", "axis: -3"}) {
    LayerTester unstack = Unstack(fields);
    unstack.Input("x", {2, 2});
    EXPECT_THAT(unstack.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
  LayerTester unstack = Unstack("axis: 0");
  unstack.Input("x", {3, 2});
  EXPECT_THAT(unstack.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

TEST(UnstackLayerTest, Gradient) {
  LayerTester unstack = Unstack("axis: 1");
  unstack.Input("x", {3, 2, 2}, Noise(12));
  ExpectGradients(unstack);
}

}  // namespace
}  // namespace quantd::testing
