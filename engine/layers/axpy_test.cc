#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Axpy(const Shape& a, const Shape& x, const Shape& b) {
  LayerTester tester(
      "type: 'Axpy' bottom: 'a' bottom: 'x' bottom: 'b' top: 'y'");
  tester.Input("a", a, Noise(a.num_elements(), 1));
  tester.Input("x", x, Noise(x.num_elements(), 2));
  tester.Input("b", b, Noise(b.num_elements(), 3));
  return tester;
}

TEST(AxpyLayerTest, OneFactorPerChannel) {
  LayerTester axpy = Axpy({1, 2}, {1, 2, 1, 2}, {1, 2, 1, 2});
  axpy.Input("a", {1, 2}, {2, -1});
  axpy.Input("x", {1, 2, 1, 2}, {1, 2, 3, 4});
  axpy.Input("b", {1, 2, 1, 2}, {10, 20, 30, 40});
  ASSERT_OK(axpy.Forward());
  EXPECT_THAT(axpy.Output("y"), Values({12, 24, 27, 36}));
}

TEST(AxpyLayerTest, Gradients) {
  LayerTester axpy = Axpy({2, 3, 1, 1}, {2, 3, 2, 2}, {2, 3, 2, 2});
  ExpectGradients(axpy);
  LayerTester flat = Axpy({2, 3}, {2, 3}, {2, 3});
  ExpectGradients(flat);
}

TEST(AxpyLayerTest, BadShapes) {
  for (const auto& [a, x, b] : std::vector<std::tuple<Shape, Shape, Shape>>{
           {{1, 2, 2, 1}, {1, 2, 2, 2}, {1, 2, 2, 2}},
           {{1, 3}, {1, 2, 2, 2}, {1, 2, 2, 2}},
           {{2, 2}, {1, 2, 2, 2}, {1, 2, 2, 2}},
           {{2}, {2, 1}, {2, 1}},
           {{1, 2}, {1, 2, 2, 2}, {1, 2, 4}}}) {
    EXPECT_THAT(Axpy(a, x, b).Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
}

}  // namespace
}  // namespace quantd::testing
