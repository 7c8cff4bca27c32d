#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester MatMul(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'MatMul' bottom: 'a' bottom: 'b' top: 'y' matmul_param { ", fields,
      " }"));
}

TEST(MatMulLayerTest, TwoMatricesTransposedOrNot) {
  // a = (1 2 3; 4 5 6), b = (1 0; 2 1; 0 3): a * b = (5 11; 14 23).
  const std::vector<float> a = {1, 2, 3, 4, 5, 6}, at = {1, 4, 2, 5, 3, 6};
  const std::vector<float> b = {1, 0, 2, 1, 0, 3}, bt = {1, 2, 0, 0, 1, 3};
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      LayerTester layer =
          MatMul(absl::StrCat("transpose_a: ", ta, " transpose_b: ", tb));
      layer.Input("a", ta ? Shape{3, 2} : Shape{2, 3}, ta ? at : a);
      layer.Input("b", tb ? Shape{2, 3} : Shape{3, 2}, tb ? bt : b);
      ASSERT_OK(layer.Forward());
      EXPECT_EQ(layer.OutputShape("y"), Shape({2, 2}));
      EXPECT_THAT(layer.Output("y"), Values({5, 11, 14, 23}));
    }
  }
}

TEST(MatMulLayerTest, BatchesOfEqualAxes) {
  LayerTester layer = MatMul("");
  layer.Input("a", {2, 1, 1, 2}, {1, 2, 3, 4});
  layer.Input("b", {2, 1, 2, 1}, {1, 1, 10, 1});
  ASSERT_OK(layer.Forward());
  EXPECT_EQ(layer.OutputShape("y"), Shape({2, 1, 1, 1}));
  EXPECT_THAT(layer.Output("y"), Values({3, 34}));
}

TEST(MatMulLayerTest, OneMatrixForTheWholeBatch) {
  LayerTester right = MatMul("");
  right.Input("a", {2, 1, 2}, {1, 2, 3, 4}).Input("b", {2, 1}, {1, 10});
  ASSERT_OK(right.Forward());
  EXPECT_EQ(right.OutputShape("y"), Shape({2, 1, 1}));
  EXPECT_THAT(right.Output("y"), Values({21, 43}));
  LayerTester transposed = MatMul("transpose_a: true");
  transposed.Input("a", {2, 2, 1}, {1, 2, 3, 4}).Input("b", {2, 1}, {1, 10});
  ASSERT_OK(transposed.Forward());
  EXPECT_THAT(transposed.Output("y"), Values({21, 43}));
  LayerTester left = MatMul("");
  left.Input("a", {1, 2}, {1, 10}).Input("b", {2, 2, 1}, {1, 2, 3, 4});
  ASSERT_OK(left.Forward());
  EXPECT_EQ(left.OutputShape("y"), Shape({2, 1, 1}));
  EXPECT_THAT(left.Output("y"), Values({21, 43}));
}

TEST(MatMulLayerTest, AxesOfOneRepeat) {
  LayerTester layer = MatMul("");
  layer.Input("a", {2, 1, 1, 1}, {2, 3}).Input("b", {3, 1, 1}, {1, 10, 100});
  ASSERT_OK(layer.Forward());
  EXPECT_EQ(layer.OutputShape("y"), Shape({2, 3, 1, 1}));
  EXPECT_THAT(layer.Output("y"), Values({2, 20, 200, 3, 30, 300}));
}

TEST(MatMulLayerTest, DimsMultiplyByTheTranspose) {
  LayerTester layer = MatMul("dim_1: 2 dim_2: 3 dim_3: 2");
  layer.Input("a", {1, 2, 3}, {1, 2, 3, 4, 5, 6});
  layer.Input("b", {6}, {1, 2, 0, 0, 1, 3});
  ASSERT_OK(layer.Forward());
  EXPECT_EQ(layer.OutputShape("y"), Shape({2, 2}));
  EXPECT_THAT(layer.Output("y"), Values({5, 11, 14, 23}));
  LayerTester dot = MatMul("dim_2: 2");  // The others are 1.
  dot.Input("a", {2}, {1, 2}).Input("b", {2}, {3, 4});
  ASSERT_OK(dot.Forward());
  EXPECT_EQ(dot.OutputShape("y"), Shape({1, 1}));
  EXPECT_THAT(dot.Output("y"), Values({11}));
}

TEST(MatMulLayerTest, TheSecondMayBeABlob) {
  for (const char* fields : {"", "blob_shape: 2 blob_shape: 1"}) {
    LayerTester layer(absl::StrCat(
        "type: 'MatMul' bottom: 'a' top: 'y' matmul_param { ", fields, " }"));
    layer.Input("a", {2, 2}, {1, 2, 3, 4}).Blob({2, 1}, {1, 10});
    ASSERT_OK(layer.Forward());
    EXPECT_THAT(layer.Output("y"), Values({21, 43}));
    ExpectGradients(layer);
  }
}

TEST(MatMulLayerTest, BatchedMatMulHasFieldsOfItsOwn) {
  LayerTester layer(
      "type: 'BatchedMatMul' bottom: 'a' bottom: 'b' top: 'y' "
      "batch_matmul_param { adj_x1: true adj_x2: true }");
  layer.Input("a", {1, 3, 2}, {1, 4, 2, 5, 3, 6});
  layer.Input("b", {1, 2, 3}, {1, 2, 0, 0, 1, 3});
  ASSERT_OK(layer.Forward());
  EXPECT_EQ(layer.OutputShape("y"), Shape({1, 2, 2}));
  EXPECT_THAT(layer.Output("y"), Values({5, 11, 14, 23}));
}

TEST(MatMulLayerTest, NothingToSum) {
  LayerTester layer = MatMul("");
  layer.Input("a", {2, 0}).Input("b", {0, 1});
  ASSERT_OK(layer.Forward());
  EXPECT_THAT(layer.Output("y"), Values({0, 0}));
  LayerTester empty = MatMul("");
  empty.Input("a", {1 << 15, 1 << 15, 0}).Input("b", {0, 0});
  ASSERT_OK(empty.Backward());
  EXPECT_EQ(empty.OutputShape("y"), Shape({1 << 15, 1 << 15, 0}));
}

TEST(MatMulLayerTest, Gradients) {
  const std::vector<std::pair<Shape, Shape>> kShapes = {
      {{2, 3}, {3, 4}},          // Matrices.
      {{2, 2, 3}, {2, 3, 4}},    // Batches.
      {{2, 2, 3}, {3, 4}},       // One b.
      {{2, 3}, {2, 3, 4}},       // One a.
      {{2, 1, 2, 3}, {3, 3, 2}}  // Both repeat.
  };
  const auto transposed = [](const Shape& shape) {
    std::vector<int64_t> dims = shape.dims();
    std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
    return Shape::Create(dims).value();
  };
  for (const auto& [a, b] : kShapes) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        SCOPED_TRACE(
            absl::StrCat(a.ToString(), " ", ta, " ", b.ToString(), " ", tb));
        LayerTester layer =
            MatMul(absl::StrCat("transpose_a: ", ta, " transpose_b: ", tb));
        layer.Input("a", ta ? transposed(a) : a, Noise(a.num_elements()));
        layer.Input("b", tb ? transposed(b) : b, Noise(b.num_elements(), 5));
        ExpectGradients(layer);
      }
    }
  }
  LayerTester dims = MatMul("dim_1: 2 dim_2: 3 dim_3: 2");
  dims.Input("a", {1, 2, 3}, Noise(6)).Input("b", {6}, Noise(6, 5));
  ExpectGradients(dims);
}

TEST(MatMulLayerTest, Refuses) {
  const std::vector<std::pair<Shape, Shape>> kShapes = {
      {{2, 3}, {4, 2}}, {{3}, {3, 2}}, {{2, 3}, {3}}, {{2, 2, 3}, {3, 3, 2}}};
  for (const auto& [a, b] : kShapes) {
    LayerTester layer = MatMul("");
    layer.Input("a", a).Input("b", b);
    EXPECT_THAT(layer.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
  LayerTester dims = MatMul("dim_1: 2 dim_2: 2 dim_3: 2");
  dims.Input("a", {2, 3}).Input("b", {2, 2});
  EXPECT_THAT(dims.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "dim_1 x dim_2"));
  LayerTester huge = MatMul("dim_1: 4000000000 dim_2: 4000000000");
  huge.Input("a", {2}).Input("b", {2});
  EXPECT_THAT(huge.Forward(), StatusIs(StatusCode::kInvalidArgument, ""));
  LayerTester no_blob("type: 'MatMul' bottom: 'a' top: 'y'");
  no_blob.Input("a", {2, 2});
  EXPECT_THAT(no_blob.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
