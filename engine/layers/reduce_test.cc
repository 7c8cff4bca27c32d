#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// "Sum" with fields of reduce_sum_param.
LayerTester Reduce(const std::string& op, const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'Reduce", op, "' bottom: 'x' top: 'y' reduce_",
                   absl::AsciiStrToLower(op), "_param { ", fields, " }"));
}

const char* const kOps[] = {"LogSumExp", "Max", "Mean", "Min", "Prod", "Sum"};

TEST(ReduceLayersTest, Operations) {
  const float log_sum_1 =
      std::log(std::exp(1.f) + std::exp(-2.f) + std::exp(3.f));
  const float log_sum_2 =
      std::log(std::exp(-3.f) + std::exp(4.f) + std::exp(-1.f));
  for (const auto& [op, expected] :
       std::vector<std::pair<std::string, std::vector<float>>>{
           {"LogSumExp", {log_sum_1, log_sum_2}},
           {"Max", {3, 4}},
           {"Mean", {2.f / 3, 0}},
           {"Min", {-2, -3}},
           {"Prod", {-6, 12}},
           {"Sum", {2, 0}}}) {
    LayerTester reduce = Reduce(op, "axis: 1");
    reduce.Input("x", {2, 3}, {1, -2, 3, -3, 4, -1});
    ASSERT_OK(reduce.Forward());
    EXPECT_EQ(reduce.OutputShape("y"), Shape({2})) << op;
    EXPECT_THAT(reduce.Output("y"), Values(expected)) << op;
  }
}

TEST(ReduceLayersTest, NormsKeepTheirAxesByDefault) {
  for (const auto& [op, expected] :
       std::vector<std::pair<std::string, std::vector<float>>>{
           {"L1", {7, 3}}, {"L2", {5, std::sqrt(5.f)}}}) {
    LayerTester reduce = Reduce(op, "axes: 1");
    reduce.Input("x", {2, 2}, {3, -4, -1, 2});
    ASSERT_OK(reduce.Forward());
    EXPECT_EQ(reduce.OutputShape("y"), Shape({2, 1})) << op;
    EXPECT_THAT(reduce.Output("y"), Values(expected)) << op;
    LayerTester dropped = Reduce(op, "axes: 1 keepdims: 0");
    dropped.Input("x", {2, 2}, {3, -4, -1, 2});
    ASSERT_OK(dropped.Forward());
    EXPECT_EQ(dropped.OutputShape("y"), Shape({2})) << op;
  }
}

TEST(ReduceLayersTest, ShapesOfAxes) {
  for (const auto& [fields, shape] : std::vector<std::pair<std::string, Shape>>{
           {"", Shape()},
           {"keepdims: true", {1, 1, 1}},
           {"axis: 0", {3, 4}},
           {"axis: 0 keepdims: true", {1, 3, 4}},
           {"axis: -1 axis: 0", {3}},
           {"axis: -1 axis: 0 keepdims: true", {1, 3, 1}},
           {"axis: 0 axis: 1 axis: 2", Shape()}}) {
    for (const char* op : kOps) {
      LayerTester reduce = Reduce(op, fields);
      reduce.Input("x", {2, 3, 4}, Noise(24));
      ASSERT_OK(reduce.Forward());
      EXPECT_EQ(reduce.OutputShape("y"), shape) << op << " " << fields;
    }
  }
}

TEST(ReduceLayersTest, AxesThatAreNotTheLast) {
  // x[i][j][k] = 100 i + 10 j + k.
  std::vector<float> x;
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      for (int k = 0; k < 3; ++k) {
        x.push_back(static_cast<float>(100 * i + 10 * j + k));
      }
    }
  }
  for (const auto& [fields, expected] :
       std::vector<std::pair<std::string, std::vector<float>>>{
           {"axis: 0", {100, 102, 104, 120, 122, 124}},
           {"axis: 1", {10, 12, 14, 210, 212, 214}},
           {"axis: 2 axis: 0", {306, 366}},
           {"axis: 1 axis: 0", {220, 224, 228}}}) {
    LayerTester reduce = Reduce("Sum", fields);
    reduce.Input("x", {2, 2, 3}, x);
    ASSERT_OK(reduce.Forward());
    EXPECT_THAT(reduce.Output("y"), Values(expected)) << fields;
  }
}

TEST(ReduceLayersTest, Scalar) {
  LayerTester reduce = Reduce("Mean", "");
  reduce.Input("x", Shape(), {3});
  ASSERT_OK(reduce.Forward());
  EXPECT_EQ(reduce.OutputShape("y"), Shape());
  EXPECT_THAT(reduce.Output("y"), Values({3}));
}

TEST(ReduceLayersTest, NoValues) {
  for (const char* op : {"Sum", "Prod"}) {
    LayerTester reduce = Reduce(op, "axis: 1");
    reduce.Input("x", {2, 0});
    ASSERT_OK(reduce.Forward());
    EXPECT_EQ(reduce.OutputShape("y"), Shape({2}));
  }
  for (const char* op : {"Max", "Min", "Mean", "LogSumExp"}) {
    LayerTester reduce = Reduce(op, "axis: 1");
    reduce.Input("x", {2, 0});
    EXPECT_THAT(reduce.Forward(), HasReason("LAYER_SHAPE_INVALID")) << op;
  }
}

TEST(ReduceLayersTest, RefusesWrongAxes) {
  for (const char* fields : {"axis: 2", "axis: -3", "axis: 1 axis: -1"}) {
    LayerTester reduce = Reduce("Max", fields);
    reduce.Input("x", {2, 3});
    EXPECT_THAT(reduce.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
    EXPECT_THAT(reduce.Forward(), StatusIs(absl::StatusCode::kInvalidArgument,
                                           "reduce_max_param.axis"));
  }
}

TEST(ReduceLayersTest, RefusesASecondTop) {
  LayerTester reduce("type: 'ReduceMax' bottom: 'x' top: 'y' top: 'z'");
  reduce.Input("x", {2});
  EXPECT_THAT(reduce.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

TEST(ReduceLayersTest, Gradients) {
  // All more than two steps apart, and from 0.
  std::vector<float> x;
  for (int i = 0; i < 24; ++i) {
    const float size = 0.2f + 0.05f * static_cast<float>(i * 7 % 24);
    x.push_back(i % 3 == 0 ? -size : size);
  }
  for (const std::string op :
       {"L1", "L2", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum"}) {
    for (const std::vector<int>& axes :
         std::vector<std::vector<int>>{{}, {0}, {1}, {-1}, {0, 2}, {1, 2}}) {
      std::string fields;
      for (const int axis : axes) {
        absl::StrAppend(
            &fields, op[0] == 'L' && op.size() == 2 ? "axes: " : "axis: ", axis,
            " ");
      }
      LayerTester reduce = Reduce(op, fields);
      reduce.Input("x", {2, 3, 4}, x);
      ExpectGradients(reduce);
    }
  }
}

TEST(ReduceLayersTest, TheFirstOfEqualValuesHasTheGradient) {
  for (const char* op : {"Max", "Min"}) {
    LayerTester reduce = Reduce(op, "axis: 0");
    reduce.Input("x", {3, 2}, {5, 1, 5, 1, 5, 1});
    ASSERT_OK(reduce.Backward({{"y", {2, 3}}}));
    EXPECT_THAT(reduce.InputDiff("x"), Values({2, 3, 0, 0, 0, 0})) << op;
  }
}

}  // namespace
}  // namespace quantd::testing
