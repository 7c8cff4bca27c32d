#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

// a = (1 2 3; 4 5 6), b = (1 0; 2 1; 0 3): a * b = (5 11; 14 23).
const std::vector<float> kA = {1, 2, 3, 4, 5, 6};
const std::vector<float> kB = {1, 0, 2, 1, 0, 3};

LayerTester Gemm(const std::string& bottoms, const std::string& fields) {
  std::string text = "type: 'Gemm' top: 'y' ";
  for (const char bottom : bottoms) {
    absl::StrAppend(&text, "bottom: '", std::string(1, bottom), "' ");
  }
  return LayerTester(absl::StrCat(text, "gemm_param { ", fields, " }"));
}

TEST(GemmLayerTest, ProductAlone) {
  LayerTester layer = Gemm("ab", "alpha: 2 beta: 5");
  layer.Input("a", {2, 3}, kA).Input("b", {3, 2}, kB);
  ASSERT_OK(layer.Forward());
  EXPECT_EQ(layer.OutputShape("y"), Shape({2, 2}));
  EXPECT_THAT(layer.Output("y"), Values({10, 22, 28, 46}));
}

TEST(GemmLayerTest, TransposedFactors) {
  LayerTester layer = Gemm("ab", "transA: 1 transB: 1");
  layer.Input("a", {3, 2}, {1, 4, 2, 5, 3, 6});
  layer.Input("b", {2, 3}, {1, 2, 0, 0, 1, 3});
  ASSERT_OK(layer.Forward());
  EXPECT_THAT(layer.Output("y"), Values({5, 11, 14, 23}));
}

TEST(GemmLayerTest, CIsSpread) {
  const std::vector<std::pair<Shape, std::vector<float>>> kCases = {
      {{2, 2}, {15, 31, 44, 63}},
      {{2, 1}, {15, 21, 34, 43}},
      {{1, 2}, {15, 31, 24, 43}},
      {{2}, {15, 31, 24, 43}},
      {{}, {15, 21, 24, 33}}};
  for (const auto& [shape, expected] : kCases) {
    SCOPED_TRACE(shape.ToString());
    LayerTester layer = Gemm("abc", "beta: 10");
    layer.Input("a", {2, 3}, kA).Input("b", {3, 2}, kB);
    std::vector<float> c = {1, 2, 3, 4};
    c.resize(shape.num_elements());
    layer.Input("c", shape, c);
    ASSERT_OK(layer.Forward());
    EXPECT_THAT(layer.Output("y"), Values(expected));
  }
}

TEST(GemmLayerTest, BlobsForBAndC) {
  LayerTester b = Gemm("a", "");
  b.Input("a", {2, 3}, kA).Blob({3, 2}, kB);
  ASSERT_OK(b.Forward());
  EXPECT_THAT(b.Output("y"), Values({5, 11, 14, 23}));
  LayerTester both = Gemm("a", "");
  both.Input("a", {2, 3}, kA).Blob({3, 2}, kB).Blob({2}, {10, 20});
  ASSERT_OK(both.Forward());
  EXPECT_THAT(both.Output("y"), Values({15, 31, 24, 43}));
  LayerTester c = Gemm("ab", "");
  c.Input("a", {2, 3}, kA).Input("b", {3, 2}, kB).Blob({2}, {10, 20});
  ASSERT_OK(c.Forward());
  EXPECT_THAT(c.Output("y"), Values({15, 31, 24, 43}));
}

TEST(GemmLayerTest, Gradients) {
  for (const char* fields :
       {"", "alpha: 0.5 beta: 2", "transA: 1 alpha: -1", "transB: 1 beta: 0"}) {
    SCOPED_TRACE(fields);
    const std::string text = fields;
    const bool ta = text.find("transA") != std::string::npos;
    const bool tb = text.find("transB") != std::string::npos;
    const Shape a = ta ? Shape{3, 2} : Shape{2, 3};
    const Shape b = tb ? Shape{4, 3} : Shape{3, 4};
    LayerTester bottoms = Gemm("abc", fields);
    bottoms.Input("a", a, Noise(6)).Input("b", b, Noise(12, 2));
    bottoms.Input("c", {2, 1}, Noise(2, 3));
    ExpectGradients(bottoms);
    LayerTester blobs = Gemm("a", fields);
    blobs.Input("a", a, Noise(6)).Blob(b, Noise(12, 2)).Blob({4}, Noise(4, 3));
    ExpectGradients(blobs);
  }
}

TEST(GemmLayerTest, Refuses) {
  LayerTester axes = Gemm("ab", "");
  axes.Input("a", {1, 2, 3}).Input("b", {3, 2});
  EXPECT_THAT(axes.Forward(), StatusIs(StatusCode::kInvalidArgument,
                                       "operand 0 of shape 1x2x3"));
  LayerTester inner = Gemm("ab", "transA: 1");
  inner.Input("a", {2, 3}).Input("b", {3, 2});
  EXPECT_THAT(inner.Forward(), StatusIs(StatusCode::kInvalidArgument,
                                        "inner dimensions 2 and 3"));
  LayerTester c = Gemm("abc", "");
  c.Input("a", {2, 3}).Input("b", {3, 2}).Input("c", {1, 2, 2});
  EXPECT_THAT(c.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "does not spread"));
  LayerTester alone = Gemm("a", "");
  alone.Input("a", {2, 3});
  EXPECT_THAT(alone.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
