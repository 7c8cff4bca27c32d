#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;

std::string Extract(const std::string& param) {
  return "type: 'Extract' bottom: 'x' top: 'y' extract_param { " + param + " }";
}

TEST(ExtractLayerTest, TakesARange) {
  LayerTester extract(
      Extract("axis: -1 slice_point_begin: 1 slice_point_end: 3"));
  extract.Input("x", {2, 4}, {0, 1, 2, 3, 4, 5, 6, 7});
  ASSERT_OK(extract.Forward());
  EXPECT_EQ(extract.OutputShape("y"), Shape({2, 2}));
  EXPECT_THAT(extract.Output("y"), ElementsAre(1, 2, 5, 6));
}

TEST(ExtractLayerTest, DefaultIsTheFirstChannel) {
  LayerTester extract("type: 'Extract' bottom: 'x' top: 'y'");
  extract.Input("x", {1, 2, 2}, {0, 1, 2, 3});
  ASSERT_OK(extract.Forward());
  EXPECT_EQ(extract.OutputShape("y"), Shape({1, 1, 2}));
  EXPECT_THAT(extract.Output("y"), ElementsAre(0, 1));
}

TEST(ExtractLayerTest, Gradient) {
  LayerTester extract(Extract("slice_point_begin: 1 slice_point_end: 2"));
  extract.Input("x", {2, 3, 2}, Noise(12));
  ExpectGradients(extract);
}

TEST(ExtractLayerTest, RefusesWrongRanges) {
  for (const char* param :
       {"slice_point_begin: 1", "slice_point_end: 0", "slice_point_end: 5",
        "slice_point_begin: 3 slice_point_end: 2", "axis: 2", "axis: -3"}) {
    LayerTester extract(Extract(param));
    extract.Input("x", {2, 4});
    EXPECT_THAT(extract.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << param;
  }
}

}  // namespace
}  // namespace quantd::testing
