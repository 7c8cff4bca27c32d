#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using Case = std::tuple<std::string, Shape, std::vector<float>>;

LayerTester StridedSlice(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'StridedSlice' bottom: 'x' top: 'y' "
                   "strided_slice_param { ",
                   fields, " }"));
}

TEST(StridedSliceLayerTest, OneAxis) {
  for (const auto& [fields, shape, expected] : std::vector<Case>{
           {"begin: 1 end: 4", {3}, {1, 2, 3}},
           {"begin: 0 end: 5 strides: 2", {3}, {0, 2, 4}},
           {"begin: 1 end: 4 strides: 2", {2}, {1, 3}},
           {"begin: -2 end: 5", {2}, {3, 4}},
           {"begin: 0 end: -1", {4}, {0, 1, 2, 3}},
           {"begin: -9 end: 99", {5}, {0, 1, 2, 3, 4}},
           {"begin: 4 end: 0 strides: -2", {2}, {4, 2}},
           {"begin: 99 end: -99 strides: -1", {5}, {4, 3, 2, 1, 0}},
           {"begin: 3 end: 3", {0}, {}},
           {"begin: 4 end: 1", {0}, {}},
           {"begin: 9 end: 12", {0}, {}},
           {"begin: 2 end: 4 begin_mask: 1", {4}, {0, 1, 2, 3}},
           {"begin: 2 end: 4 end_mask: 1", {3}, {2, 3, 4}},
           {"begin: 2 end: 1 strides: -1 begin_mask: 1", {3}, {4, 3, 2}},
           {"begin: 2 end: 1 strides: -1 end_mask: 1", {3}, {2, 1, 0}},
           {"begin: 2 end: 0 shrink_axis_mask: 1", Shape(), {2}},
           {"begin: -1 end: 0 shrink_axis_mask: 1", Shape(), {4}},
           {"begin: -2147483648 end: 2147483647 strides: 2147483647",
            {1},
            {0}}}) {
    LayerTester slice = StridedSlice(fields);
    slice.Input("x", {5}, {0, 1, 2, 3, 4});
    ASSERT_OK(slice.Forward()) << fields;
    EXPECT_EQ(slice.OutputShape("y"), shape) << fields;
    EXPECT_THAT(slice.Output("y"), Values(expected)) << fields;
  }
}

TEST(StridedSliceLayerTest, SeveralAxes) {
  // x[i][j][k] = 6 i + 3 j + k.
  const std::vector<float> x = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  for (const auto& [fields, shape, expected] : std::vector<Case>{
           {"begin: 1 end: 2", {1, 2, 3}, {6, 7, 8, 9, 10, 11}},
           {"begin: 0 begin: 1 end: 2 end: 2", {2, 1, 3}, {3, 4, 5, 9, 10, 11}},
           // [..., 1:2]
           {"begin: 0 begin: 1 end: 0 end: 2 ellipsis_mask: 1",
            {2, 2, 1},
            {1, 4, 7, 10}},
           // [1, ..., 2]
           {"begin: 1 begin: 0 begin: 2 end: 0 end: 0 end: 0 ellipsis_mask: 2 "
            "shrink_axis_mask: 5",
            {2},
            {8, 11}},
           // [0, newaxis, 1]
           {"begin: 0 begin: 0 begin: 1 end: 0 end: 0 end: 0 new_axis_mask: 2 "
            "shrink_axis_mask: 5",
            {1, 3},
            {3, 4, 5}},
           // [..., newaxis, 0]
           {"begin: 0 begin: 0 begin: 0 end: 0 end: 0 end: 0 ellipsis_mask: 1 "
            "new_axis_mask: 2 shrink_axis_mask: 4",
            {2, 2, 1},
            {0, 3, 6, 9}},
           // An ellipsis for no axis.
           {"begin: 0 begin: 1 begin: 0 begin: 1 end: 1 end: 2 end: 0 end: 2 "
            "ellipsis_mask: 4",
            {1, 1, 1},
            {4}},
           {"axes: 2 begin: 1 end: 3", {2, 2, 2}, {1, 2, 4, 5, 7, 8, 10, 11}},
           {"axes: -1 axes: 0 begin: -1 begin: 1 end: -4 end: 2 strides: -2 "
            "strides: 1",
            {1, 2, 2},
            {8, 6, 11, 9}}}) {
    LayerTester slice = StridedSlice(fields);
    slice.Input("x", {2, 2, 3}, x);
    ASSERT_OK(slice.Forward()) << fields;
    EXPECT_EQ(slice.OutputShape("y"), shape) << fields;
    EXPECT_THAT(slice.Output("y"), Values(expected)) << fields;
  }
}

TEST(StridedSliceLayerTest, NothingToDoCopies) {
  LayerTester slice = StridedSlice("");
  slice.Input("x", {2}, {1, 2});
  ASSERT_OK(slice.Forward());
  EXPECT_THAT(slice.Output("y"), Values({1, 2}));
}

TEST(StridedSliceLayerTest, RefusesWrongFields) {
  for (const char* fields :
       {"begin: 0", "end: 1", "begin: 0 end: 1 strides: 0",
        "begin: 0 end: 1 strides: 1 strides: 1",
        "begin: 0 end: 1 axes: 0 axes: 1", "begin: 0 end: 1 axes: 2",
        "begin: 0 begin: 0 end: 1 end: 1 axes: 0 axes: -2",
        "begin: 0 begin: 0 end: 1 end: 1 ellipsis_mask: 3",
        "begin: 0 begin: 0 begin: 0 end: 1 end: 1 end: 1",
        "begin: 2 end: 1 shrink_axis_mask: 1",
        "begin: -3 end: 1 shrink_axis_mask: 1"}) {
    LayerTester slice = StridedSlice(fields);
    slice.Input("x", {2, 2});
    EXPECT_THAT(slice.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(StridedSliceLayerTest, Gradients) {
  for (const char* fields :
       {"begin: 0 begin: 3 end: 3 end: 0 strides: 2 strides: -2",
        "begin: 1 begin: 0 end: 0 end: 0 shrink_axis_mask: 1 end_mask: 2"}) {
    LayerTester slice = StridedSlice(fields);
    slice.Input("x", {3, 4}, Noise(12));
    ExpectGradients(slice);
  }
}

}  // namespace
}  // namespace quantd::testing
