#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Gather(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'Gather' bottom: 'x' top: 'y' gather_param { ", fields, " }"));
}

TEST(GatherLayerTest, IndicesOfAnAxis) {
  for (const auto& [fields, shape, expected] :
       std::vector<std::tuple<std::string, Shape, std::vector<float>>>{
           {"shape: 3 indices: 1 indices: 0 indices: 1",
            {3, 3},
            {4, 5, 6, 1, 2, 3, 4, 5, 6}},
           {"shape: 2 indices: 2 indices: 0 axis: 1", {2, 2}, {3, 1, 6, 4}},
           {"shape: 2 indices: 2 indices: 0 axis: -1", {2, 2}, {3, 1, 6, 4}},
           {"shape: 1 indices: 1", {1, 3}, {4, 5, 6}},
           {"shape: 0 indices: 1", {3}, {4, 5, 6}},
           {"indices: 2 axis: 1", {2}, {3, 6}},
           {"shape: 2 shape: 2 indices: 0 indices: 1 indices: 2 indices: 0 "
            "axis: 1",
            {2, 2, 2},
            {1, 2, 3, 1, 4, 5, 6, 4}}}) {
    LayerTester gather = Gather(fields);
    gather.Input("x", {2, 3}, {1, 2, 3, 4, 5, 6});
    ASSERT_OK(gather.Forward());
    EXPECT_EQ(gather.OutputShape("y"), shape) << fields;
    EXPECT_THAT(gather.Output("y"), Values(expected)) << fields;
  }
}

TEST(GatherLayerTest, RefusesWrongFields) {
  for (const char* fields :
       {"", "shape: 2 indices: 0", "indices: 0 indices: 1",
        "shape: 1 indices: 2", "shape: 1 indices: 4294967295",
        "shape: 1 indices: 0 axis: 2", "shape: 1 indices: 0 axis: -3",
        "shape: 4294967295 shape: 4294967295 shape: 4294967295 indices: 1"}) {
    LayerTester gather = Gather(fields);
    gather.Input("x", {2, 3});
    EXPECT_THAT(gather.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(GatherLayerTest, Gradient) {
  LayerTester gather =
      Gather("shape: 3 indices: 1 indices: 0 indices: 1 axis: 1");
  gather.Input("x", {2, 3, 2}, Noise(12));
  ExpectGradients(gather);
}

}  // namespace
}  // namespace quantd::testing
