#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

TEST(ScaleLayerTest, ChannelsWithBiasInPlace) {
  LayerTester scale(
      "type: 'Scale' bottom: 'x' top: 'x' scale_param { bias_term: true }");
  scale.Input("x", {1, 2, 1, 2}, {1, 2, 3, 4});
  scale.Blob({2}, {2, 10}).Blob({2}, {0.5, -1});
  ASSERT_OK(scale.Forward());
  EXPECT_THAT(scale.Output("x"), Values({2.5, 4.5, 29, 39}));
}

TEST(ScaleLayerTest, FillerIsOne) {
  LayerTester scale("type: 'Scale' bottom: 'x' top: 'y'");
  scale.Input("x", {1, 2}, {3, 4});
  ASSERT_OK(scale.Forward());
  EXPECT_THAT(scale.Output("y"), Values({3, 4}));
}

TEST(ScaleLayerTest, NumAxesSpansOrIsScalar) {
  LayerTester all(
      "type: 'Scale' bottom: 'x' top: 'y' scale_param { axis: 0 num_axes: -1 "
      "}");
  all.Input("x", {2, 2}, {1, 2, 3, 4}).Blob({2, 2}, {1, 2, 3, 4});
  ASSERT_OK(all.Forward());
  EXPECT_THAT(all.Output("y"), Values({1, 4, 9, 16}));
  LayerTester one(
      "type: 'Scale' bottom: 'x' top: 'y' scale_param { num_axes: 0 }");
  one.Input("x", {2, 2}, {1, 2, 3, 4}).Blob({}, {5});
  ASSERT_OK(one.Forward());
  EXPECT_THAT(one.Output("y"), Values({5, 10, 15, 20}));
}

TEST(ScaleLayerTest, SecondBottomScalesAndTheBlobIsBias) {
  LayerTester scale(
      "type: 'Scale' bottom: 'x' bottom: 's' top: 'y' "
      "scale_param { axis: 0 bias_term: true }");
  scale.Input("x", {2, 2}, {1, 2, 3, 4}).Input("s", {2}, {10, 100});
  scale.Blob({2}, {1, 2});
  ASSERT_OK(scale.Forward());
  EXPECT_THAT(scale.Output("y"), Values({11, 21, 302, 402}));
}

TEST(ScaleLayerTest, RefusesWhatDoesNotFit) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"axis: 2", "axis 2"},
      {"num_axes: 2", "scale_param.num_axes is 2"},
      {"num_axes: -2", "scale_param.num_axes is -2"}};
  for (const auto& [fields, message] : cases) {
    LayerTester scale(absl::StrCat(
        "type: 'Scale' bottom: 'x' top: 'y' scale_param { ", fields, " }"));
    scale.Input("x", {2, 2});
    EXPECT_THAT(scale.Forward(),
                StatusIs(StatusCode::kInvalidArgument, message));
  }
  LayerTester two("type: 'Scale' bottom: 'x' bottom: 's' top: 'y'");
  two.Input("x", {2, 2}).Input("s", {3});
  EXPECT_THAT(two.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "bottom 1 of shape 3"));
  LayerTester changed("type: 'Scale' bottom: 'x' top: 'y'");
  changed.Input("x", {2, 2});
  ASSERT_OK(changed.Forward());
  changed.Input("x", {2, 3});
  EXPECT_THAT(changed.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "from 2 to 3"));
}

TEST(ScaleLayerTest, Gradient) {
  for (const char* fields :
       {"axis: 1", "axis: 1 bias_term: true", "axis: 0 num_axes: -1",
        "axis: 2 num_axes: 1 bias_term: true", "num_axes: 0"}) {
    for (const char* top : {"y", "x"}) {
      SCOPED_TRACE(absl::StrCat(fields, " -> ", top));
      LayerTester scale(absl::StrCat(
          "type: 'Scale' bottom: 'x' top: '", top, "' scale_param { ", fields,
          " filler { type: 'gaussian' } bias_filler { value: 0.5 } }"));
      scale.Input("x", {2, 3, 2}, Noise(12));
      ExpectGradients(scale);
    }
  }
}

TEST(ScaleLayerTest, GradientOfTwoBottoms) {
  for (const char* top : {"y", "x"}) {
    for (const char* bias_term : {"true", "false"}) {
      LayerTester scale(
          absl::StrCat("type: 'Scale' bottom: 'x' bottom: 'g' top: '", top,
                       "' scale_param { bias_term: ", bias_term, " }"));
      scale.Input("x", {2, 3, 2}, Noise(12)).Input("g", {3}, Noise(3));
      ExpectGradients(scale);
    }
  }
}

}  // namespace
}  // namespace quantd::testing
