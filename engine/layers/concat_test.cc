#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(ConcatLayerTest, JoinsChannels) {
  LayerTester concat("type: 'Concat' bottom: 'a' bottom: 'b' top: 'y'");
  concat.Input("a", {2, 1, 2}, {1, 2, 3, 4});
  concat.Input("b", {2, 2, 2}, {5, 6, 7, 8, 9, 10, 11, 12});
  ASSERT_OK(concat.Forward());
  EXPECT_EQ(concat.OutputShape("y"), Shape({2, 3, 2}));
  EXPECT_THAT(concat.Output("y"),
              Values({1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12}));
}

TEST(ConcatLayerTest, JoinsAnyAxis) {
  for (const std::string param : {"axis: -1", "concat_dim: 2"}) {
    LayerTester concat(
        "type: 'Concat' bottom: 'a' bottom: 'b' top: 'y' concat_param { " +
        param + " }");
    concat.Input("a", {1, 2, 1}, {1, 2});
    concat.Input("b", {1, 2, 2}, {3, 4, 5, 6});
    ASSERT_OK(concat.Forward());
    EXPECT_THAT(concat.Output("y"), Values({1, 3, 4, 2, 5, 6}));
  }
}

TEST(ConcatLayerTest, OneBottomIsCopied) {
  LayerTester concat("type: 'Concat' bottom: 'a' top: 'y'");
  concat.Input("a", {1, 2}, {1, 2});
  ASSERT_OK(concat.Forward());
  EXPECT_THAT(concat.Output("y"), Values({1, 2}));
}

TEST(ConcatLayerTest, NamesBothShapes) {
  LayerTester concat("type: 'Concat' bottom: 'a' bottom: 'b' top: 'y'");
  concat.Input("a", {2, 1, 2});
  concat.Input("b", {2, 1, 3});
  EXPECT_THAT(concat.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  EXPECT_THAT(concat.Forward(),
              StatusIs(absl::StatusCode::kInvalidArgument, "2x1x3"));
  concat.Input("b", {2, 1});
  EXPECT_THAT(concat.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

TEST(ConcatLayerTest, RefusesTwoAxesAndNoAxis) {
  for (const std::string param : {"axis: 1 concat_dim: 1", "axis: 3"}) {
    LayerTester concat(
        "type: 'Concat' bottom: 'a' bottom: 'b' top: 'y' concat_param { " +
        param + " }");
    concat.Input("a", {2, 1, 2});
    concat.Input("b", {2, 1, 2});
    EXPECT_THAT(concat.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  }
}

TEST(ConcatLayerTest, Gradient) {
  for (int axis = 0; axis < 3; ++axis) {
    Shape a({2, 3, 2}), b = axis == 0   ? Shape({1, 3, 2})
                            : axis == 1 ? Shape({2, 2, 2})
                                        : Shape({2, 3, 4});
    LayerTester concat(absl::StrCat(
        "type: 'Concat' bottom: 'a' bottom: 'b' top: 'y' concat_param { axis: ",
        axis, " }"));
    concat.Input("a", a, Noise(a.num_elements(), 1));
    concat.Input("b", b, Noise(b.num_elements(), 2));
    ExpectGradients(concat);
  }
}

TEST(ConcatLayerTest, GradientOfTheWantedBottomsOnly) {
  LayerTester concat(
      "type: 'Concat' bottom: 'a' bottom: 'b' top: 'y' concat_param { axis: 0 "
      "}");
  concat.Input("a", {1}, {1}).Input("b", {2}, {2, 3});
  ASSERT_OK(concat.Backward());
  Tensor diff({2});
  Tensor top_diff({3});
  top_diff.data()[2] = 7;
  const Tensor a({1}), b({2});
  const Tensor* bottoms[] = {&a, &b};
  const Tensor* tops[] = {&top_diff};
  Tensor* bottom_diffs[] = {nullptr, &diff};
  ASSERT_OK(concat.layer().Backward({bottoms, tops, tops, bottom_diffs}));
  EXPECT_THAT(diff.values(), ::testing::ElementsAre(0, 7));
}

TEST(ConcatLayerTest, ConcatDimDoesNotCountFromTheEnd) {
  LayerTester concat(
      "type: 'Concat' bottom: 'a' top: 'y' concat_param { concat_dim: "
      "4294967295 }");
  concat.Input("a", {2, 1});
  EXPECT_THAT(concat.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
