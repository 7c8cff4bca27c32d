#include <cmath>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester ArgMax(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'ArgMax' bottom: 'x' top: 'y' argmax_param { ", fields, " }"));
}

LayerTester ArgMin(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'ArgMin' bottom: 'x' top: 'y' argmin_param { ", fields, " }"));
}

TEST(ArgMaxLayerTest, IndexOfEachItem) {
  LayerTester arg_max = ArgMax("");
  arg_max.Input("x", {2, 3}, {1, 7, 3, 9, -2, 4});
  ASSERT_OK(arg_max.Forward());
  EXPECT_EQ(arg_max.OutputShape("y"), Shape({2, 1, 1}));
  EXPECT_THAT(arg_max.Output("y"), Values({1, 0}));
}

TEST(ArgMaxLayerTest, ItemsAreFlattenedAndAxesStay) {
  LayerTester arg_max = ArgMax("top_k: 2");
  arg_max.Input("x", {1, 2, 1, 2}, {1, 7, 3, 9});
  ASSERT_OK(arg_max.Forward());
  EXPECT_EQ(arg_max.OutputShape("y"), Shape({1, 1, 2, 1}));
  EXPECT_THAT(arg_max.Output("y"), Values({3, 1}));
}

TEST(ArgMaxLayerTest, ValuesBehindIndices) {
  LayerTester arg_max = ArgMax("top_k: 2 out_max_val: true");
  arg_max.Input("x", {2, 3}, {1, 7, 3, 9, -2, 4});
  ASSERT_OK(arg_max.Forward());
  EXPECT_EQ(arg_max.OutputShape("y"), Shape({2, 2, 2}));
  EXPECT_THAT(arg_max.Output("y"), Values({1, 2, 7, 3, 0, 2, 9, 4}));
}

TEST(ArgMaxLayerTest, Axis) {
  // Two items of 3 x 2.
  const std::vector<float> x = {1, 7, 3, 9, -2, 4, 0, 8, 5, 6, 11, 10};
  for (const auto& [fields, shape, expected] :
       std::vector<std::tuple<std::string, Shape, std::vector<float>>>{
           {"axis: 1", {2, 1, 2}, {1, 1, 2, 2}},
           {"axis: 0", {1, 3, 2}, {0, 1, 1, 0, 1, 1}},
           {"axis: -1", {2, 3, 1}, {1, 1, 1, 1, 1, 0}},
           {"axis: 1 top_k: 2", {2, 2, 2}, {1, 1, 0, 0, 2, 2, 1, 0}},
           {"axis: 1 out_max_val: true", {2, 1, 2}, {3, 9, 11, 10}}}) {
    LayerTester arg_max = ArgMax(fields);
    arg_max.Input("x", {2, 3, 2}, x);
    ASSERT_OK(arg_max.Forward());
    EXPECT_EQ(arg_max.OutputShape("y"), shape) << fields;
    EXPECT_THAT(arg_max.Output("y"), Values(expected)) << fields;
  }
}

TEST(ArgMaxLayerTest, TiesGoToTheLastIndex) {
  for (const auto& [fields, expected] :
       std::vector<std::pair<std::string, std::vector<float>>>{
           {"top_k: 3", {4, 2, 0}},
           {"top_k: 3 axis: 1", {4, 2, 0}},
           {"top_k: 3 select_last_index: true", {4, 2, 0}},
           {"top_k: 3 select_last_index: false", {0, 2, 4}},
           {"select_last_index: false", {0}}}) {
    LayerTester arg_max = ArgMax(fields);
    arg_max.Input("x", {1, 5}, {5, 1, 5, 1, 5});
    ASSERT_OK(arg_max.Forward());
    EXPECT_THAT(arg_max.Output("y"), Values(expected)) << fields;
  }
}

TEST(ArgMaxLayerTest, NanIsNeverTheLargest) {
  LayerTester arg_max = ArgMax("");
  arg_max.Input("x", {1, 3}, {NAN, -1, NAN});
  ASSERT_OK(arg_max.Forward());
  EXPECT_THAT(arg_max.Output("y"), Values({1}));
}

TEST(ArgMaxLayerTest, RefusesWrongFields) {
  for (const char* fields : {"top_k: 0", "top_k: 4", "axis: 2", "axis: -3",
                             "axis: 0 top_k: 3", "top_k: 4294967295"}) {
    LayerTester arg_max = ArgMax(fields);
    arg_max.Input("x", {2, 3});
    EXPECT_THAT(arg_max.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(ArgMaxLayerTest, RefusesAScalarAndNoValues) {
  LayerTester scalar = ArgMax("");
  scalar.Input("x", Shape(), {1});
  EXPECT_THAT(scalar.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester none = ArgMax("");
  none.Input("x", {2, 0});
  EXPECT_THAT(none.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
}

TEST(ArgMaxLayerTest, HasNoGradient) {
  LayerTester arg_max = ArgMax("");
  arg_max.Input("x", {2, 3});
  ASSERT_OK(arg_max.Forward());
  EXPECT_FALSE(arg_max.layer().IsDifferentiable(0));
}

TEST(ArgMinLayerTest, MirrorsArgMax) {
  for (const auto& [fields, expected] :
       std::vector<std::pair<std::string, std::vector<float>>>{
           {"", {3}},
           {"top_k: 2", {3, 1}},
           {"select_last_index: false", {1}},
           {"axis: 1 top_k: 3 out_min_val: true", {-2, -2, 0}},
           {"top_k: 2 out_min_val: true", {3, 1, -2, -2}}}) {
    LayerTester arg_min = ArgMin(fields);
    arg_min.Input("x", {1, 4}, {1, -2, 0, -2});
    ASSERT_OK(arg_min.Forward());
    EXPECT_THAT(arg_min.Output("y"), Values(expected)) << fields;
  }
}

TEST(ArgMinLayerTest, NamesItsField) {
  LayerTester arg_min = ArgMin("top_k: 5");
  arg_min.Input("x", {1, 4});
  EXPECT_THAT(arg_min.Forward(), StatusIs(absl::StatusCode::kInvalidArgument,
                                          "argmin_param.top_k"));
}

}  // namespace
}  // namespace quantd::testing
