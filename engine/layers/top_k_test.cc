#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester TopK(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'TopK' bottom: 'x' top: 'values' top: 'indices' "
                   "topk_param { ",
                   fields, " }"));
}

TEST(TopKLayerTest, Fields) {
  for (const auto& [fields, values, indices] : std::vector<
           std::tuple<std::string, std::vector<float>, std::vector<float>>>{
           {"", {5, 9}, {1, 0}},
           {"K: 2", {5, 5, 9, 2}, {1, 3, 0, 3}},
           {"K: 2 sorted: false", {5, 5, 9, 2}, {1, 3, 0, 3}},
           {"K: 2 largest: false", {0, 1, -4, 0}, {2, 0, 1, 2}},
           {"K: 1 axis: 0", {9, 5, 0, 5}, {1, 0, 0, 0}},
           {"K: 2 axis: -2 largest: false",
            {1, -4, 0, 2, 9, 5, 0, 5},
            {0, 1, 0, 1, 1, 0, 1, 0}}}) {
    LayerTester top_k = TopK(fields);
    top_k.Input("x", {2, 4}, {1, 5, 0, 5, 9, -4, 0, 2});
    ASSERT_OK(top_k.Forward());
    EXPECT_EQ(top_k.OutputShape("values"), top_k.OutputShape("indices"));
    EXPECT_THAT(top_k.Output("values"), Values(values)) << fields;
    EXPECT_THAT(top_k.Output("indices"), Values(indices)) << fields;
  }
}

TEST(TopKLayerTest, AnInnerAxis) {
  LayerTester top_k = TopK("axis: 1 K: 2");
  top_k.Input("x", {1, 3, 2}, {1, 6, 3, 5, 2, 4});
  ASSERT_OK(top_k.Forward());
  EXPECT_EQ(top_k.OutputShape("values"), Shape({1, 2, 2}));
  EXPECT_THAT(top_k.Output("values"), Values({3, 6, 2, 5}));
  EXPECT_THAT(top_k.Output("indices"), Values({1, 0, 2, 1}));
}

TEST(TopKLayerTest, IndicesMayBeLeftOut) {
  LayerTester top_k("type: 'TopK' bottom: 'x' top: 'y' topk_param { K: 3 }");
  top_k.Input("x", {3}, {NAN, 1, 2});
  ASSERT_OK(top_k.Forward());
  EXPECT_THAT(top_k.Output("y"), Values({2, 1, NAN}));
  EXPECT_FALSE(top_k.layer().IsDifferentiable(0));
}

TEST(TopKLayerTest, RefusesWrongFields) {
  for (const char* fields : {"K: 0", "K: -1", "K: 5", "axis: 2", "axis: -3",
                             "K: 9223372036854775807"}) {
    LayerTester top_k = TopK(fields);
    top_k.Input("x", {2, 4});
    EXPECT_THAT(top_k.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(SortLayerTest, LastAxisDescending) {
  LayerTester sort("type: 'Sort' bottom: 'x' top: 'y' top: 'i'");
  sort.Input("x", {2, 4}, {1, 5, 0, 5, 9, -4, 0, 2});
  ASSERT_OK(sort.Forward());
  EXPECT_EQ(sort.OutputShape("y"), Shape({2, 4}));
  EXPECT_THAT(sort.Output("y"), Values({5, 5, 1, 0, 9, 2, 0, -4}));
  EXPECT_THAT(sort.Output("i"), Values({1, 3, 0, 2, 0, 3, 2, 1}));
}

TEST(SortLayerTest, NothingAndOneValue) {
  LayerTester none("type: 'Sort' bottom: 'x' top: 'y'");
  none.Input("x", {2, 0});
  ASSERT_OK(none.Forward());
  EXPECT_EQ(none.OutputShape("y"), Shape({2, 0}));
  LayerTester one("type: 'Sort' bottom: 'x' top: 'y'");
  one.Input("x", {2, 1}, {3, 4});
  ASSERT_OK(one.Forward());
  EXPECT_THAT(one.Output("y"), Values({3, 4}));
}

TEST(SortLayerTest, RefusesScalars) {
  LayerTester sort("type: 'Sort' bottom: 'x' top: 'y'");
  sort.Input("x", Shape(), {1});
  EXPECT_THAT(sort.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
