#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Reduction(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'Reduction' bottom: 'x' top: 'y' reduction_param { ",
                   fields, " }"));
}

TEST(ReductionLayerTest, Operations) {
  for (const auto& [fields, expected] :
       std::vector<std::pair<std::string, std::vector<float>>>{
           {"", {2, -4}},
           {"operation: SUM", {2, -4}},
           {"operation: ASUM", {6, 4}},
           {"operation: SUMSQ", {14, 10}},
           {"operation: MEAN", {2.f / 3, -4.f / 3}},
           {"operation: MEAN coeff: -3", {-2, 4}},
           {"operation: SUMSQ coeff: 0.5", {7, 5}}}) {
    LayerTester reduction = Reduction("axis: 1 " + fields);
    reduction.Input("x", {2, 3}, {1, -2, 3, -3, 0, -1});
    ASSERT_OK(reduction.Forward());
    EXPECT_EQ(reduction.OutputShape("y"), Shape({2}));
    EXPECT_THAT(reduction.Output("y"), Values(expected)) << fields;
  }
}

TEST(ReductionLayerTest, AllAxesFromTheGivenOne) {
  for (const auto& [fields, shape] :
       std::vector<std::pair<std::string, Shape>>{{"", Shape()},
                                                  {"axis: 0", Shape()},
                                                  {"axis: 1", {2}},
                                                  {"axis: -1", {2, 3}},
                                                  {"axis: -3", Shape()}}) {
    LayerTester reduction = Reduction(fields);
    reduction.Input("x", {2, 3, 4}, std::vector<float>(24, 1));
    ASSERT_OK(reduction.Forward());
    EXPECT_EQ(reduction.OutputShape("y"), shape) << fields;
    EXPECT_EQ(reduction.Output("y")[0],
              24.f / static_cast<float>(shape.num_elements()));
  }
}

TEST(ReductionLayerTest, FollowsTheBatch) {
  LayerTester reduction = Reduction("axis: 1");
  reduction.Input("x", {1, 2}, {1, 2});
  ASSERT_OK(reduction.Forward());
  reduction.Input("x", {2, 2}, {1, 2, 3, 4});
  ASSERT_OK(reduction.Forward());
  EXPECT_THAT(reduction.Output("y"), Values({3, 7}));
}

TEST(ReductionLayerTest, NoValues) {
  LayerTester sum = Reduction("axis: 1");
  sum.Input("x", {2, 0});
  ASSERT_OK(sum.Forward());
  EXPECT_THAT(sum.Output("y"), Values({0, 0}));
  LayerTester mean = Reduction("axis: 1 operation: MEAN");
  mean.Input("x", {2, 0});
  EXPECT_THAT(mean.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

TEST(ReductionLayerTest, RefusesWrongAxes) {
  for (const char* fields : {"axis: 2", "axis: -3"}) {
    LayerTester reduction = Reduction(fields);
    reduction.Input("x", {2, 3});
    EXPECT_THAT(reduction.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  }
}

TEST(ReductionLayerTest, RefusesASecondBottom) {
  LayerTester reduction("type: 'Reduction' bottom: 'x' bottom: 'z' top: 'y'");
  reduction.Input("x", {2, 3}).Input("z", {2, 3});
  EXPECT_THAT(reduction.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

TEST(ReductionLayerTest, Gradients) {
  for (const char* operation : {"SUM", "ASUM", "SUMSQ", "MEAN"}) {
    for (const int axis : {0, 1, 2}) {
      LayerTester reduction = Reduction(
          absl::StrCat("coeff: 1.5 operation: ", operation, " axis: ", axis));
      reduction.Input("x", {2, 3, 2}, Noise(12));
      GradientCheck check;
      check.kink_range = 0.02;
      ExpectGradients(reduction, check);
    }
  }
}

}  // namespace
}  // namespace quantd::testing
