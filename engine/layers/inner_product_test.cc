#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

TEST(InnerProductLayerTest, FlattensFromAxisOne) {
  LayerTester ip(
      "type: 'InnerProduct' bottom: 'x' top: 'y' "
      "inner_product_param { num_output: 2 }");
  ip.Input("x", {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6});
  ip.Blob({2, 3}, {1, 0, 0, 1, 1, 1}).Blob({2}, {0.5, -1});
  ASSERT_OK(ip.Forward());
  EXPECT_EQ(ip.OutputShape("y"), Shape({2, 2}));
  EXPECT_THAT(ip.Output("y"), Values({1.5, 5, 4.5, 14}));
}

TEST(InnerProductLayerTest, TransposedWeightsAndLaterAxis) {
  LayerTester ip(
      "type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
      "num_output: 2 transpose: true axis: -1 bias_term: false }");
  ip.Input("x", {1, 2, 3}, {1, 2, 3, 4, 5, 6});
  ip.Blob({3, 2}, {1, 1, 0, 1, 0, 1});
  ASSERT_OK(ip.Forward());
  EXPECT_EQ(ip.OutputShape("y"), Shape({1, 2, 2}));
  EXPECT_THAT(ip.Output("y"), Values({1, 6, 4, 15}));
}

TEST(InnerProductLayerTest, BatchMayChangeButNotTheItem) {
  LayerTester ip(
      "type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
      "num_output: 1 bias_term: false }");
  ip.Blob({1, 2}, {1, 10}).Input("x", {1, 2}, {1, 2});
  ASSERT_OK(ip.Forward());
  ip.Input("x", {2, 2}, {1, 2, 3, 4});
  ASSERT_OK(ip.Forward());
  EXPECT_THAT(ip.Output("y"), Values({21, 43}));
  ip.Input("x", {2, 3});
  EXPECT_THAT(ip.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "must have 2 values"));
}

TEST(InnerProductLayerTest, RefusesBadFields) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "num_output"},
      {"num_output: 4294967295", "num_output"},
      {"num_output: 2147483647", "at most|more than|the most"},
      {"num_output: 1 axis: 2", "axis 2"},
      {"num_output: 1 axis: -3", "axis -3"}};
  for (const auto& [fields, message] : cases) {
    LayerTester ip(
        absl::StrCat("type: 'InnerProduct' bottom: 'x' top: 'y' "
                     "inner_product_param { ",
                     fields, " }"));
    ip.Input("x", {1, 2});
    const absl::Status status = ip.Forward();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << fields;
    EXPECT_THAT(std::string(status.message()),
                ::testing::ContainsRegex(message));
  }
}

TEST(InnerProductLayerTest, Gradient) {
  for (const char* fields :
       {"", "bias_term: false", "transpose: true", "axis: -1", "axis: 2"}) {
    SCOPED_TRACE(fields);
    LayerTester product(absl::StrCat(
        "type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
        "num_output: 4 weight_filler { type: 'xavier' } ",
        fields, " }"));
    product.Input("x", {2, 3, 2}, Noise(12));
    ExpectGradients(product);
  }
}

}  // namespace
}  // namespace quantd::testing
