#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Binary(const std::string& type) {
  return LayerTester(
      absl::StrCat("type: '", type, "' bottom: 'a' bottom: 'b' top: 'y'"));
}

void ExpectValues(const std::string& type, const std::vector<float>& a,
                  const std::vector<float>& b,
                  const std::vector<float>& expected) {
  SCOPED_TRACE(type);
  const int64_t n = static_cast<int64_t>(a.size());
  LayerTester layer = Binary(type);
  layer.Input("a", {n}, a).Input("b", {n}, b);
  ASSERT_OK(layer.Forward());
  EXPECT_THAT(layer.Output("y"), Values(expected));
}

TEST(BinaryFunctionsTest, ValuesOfEachType) {
  const std::vector<float> a = {1, -2, 3, 4};
  const std::vector<float> b = {2, -2, -4, 0.5};
  ExpectValues("Add", a, b, {3, -4, -1, 4.5});
  ExpectValues("Sub", a, b, {-1, 0, 7, 3.5});
  ExpectValues("Mul", a, b, {2, 4, -12, 2});
  ExpectValues("Div", a, b, {0.5, 1, -0.75, 8});
  ExpectValues("Maximum", a, b, {2, -2, 3, 4});
  ExpectValues("Minimum", a, b, {1, -2, -4, 0.5});
  ExpectValues("Pow", a, b, {1, 0.25, 1 / 81.f, 2});
  ExpectValues("Equal", a, b, {0, 1, 0, 0});
  ExpectValues("Greater", a, b, {0, 0, 1, 1});
}

TEST(BinaryFunctionsTest, WhatIsNotANumber) {
  const float nan = std::nanf("");
  ExpectValues("Div", {1, 0}, {0, 0}, {INFINITY, nan});
  ExpectValues("Maximum", {nan, 1}, {1, nan}, {nan, nan});
  ExpectValues("Minimum", {nan, 1}, {1, nan}, {nan, nan});
  ExpectValues("Equal", {nan, INFINITY}, {nan, INFINITY}, {0, 1});
  ExpectValues("Greater", {nan, INFINITY}, {1, 1}, {0, 1});
}

TEST(BinaryFunctionsTest, EitherIsSpreadOverTheOther) {
  LayerTester rows = Binary("Sub");
  rows.Input("a", {2, 1}, {10, 20}).Input("b", {3}, {1, 2, 3});
  ASSERT_OK(rows.Forward());
  EXPECT_EQ(rows.OutputShape("y"), Shape({2, 3}));
  EXPECT_THAT(rows.Output("y"), Values({9, 8, 7, 19, 18, 17}));
  LayerTester channels = Binary("Sub");
  channels.Input("a", {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  channels.Input("b", {2, 1}, {1, 10});
  ASSERT_OK(channels.Forward());
  EXPECT_THAT(channels.Output("y"), Values({0, 1, -7, -6, 4, 5, -3, -2}));
  LayerTester bigger = Binary("Greater");
  bigger.Input("a", {}, {2}).Input("b", {1, 3}, {1, 2, 3});
  ASSERT_OK(bigger.Forward());
  EXPECT_EQ(bigger.OutputShape("y"), Shape({1, 3}));
  EXPECT_THAT(bigger.Output("y"), Values({1, 0, 0}));
}

TEST(BinaryFunctionsTest, TheSecondMayBeABlob) {
  LayerTester shaped(
      "type: 'Mul' bottom: 'x' top: 'y' mul_param { mul_shape: 2 mul_shape: 1 "
      "}");
  shaped.Input("x", {2, 2}, {1, 2, 3, 4}).Blob({2, 1}, {10, 100});
  ASSERT_OK(shaped.Forward());
  EXPECT_THAT(shaped.Output("y"), Values({10, 20, 300, 400}));
  LayerTester other_shape(
      "type: 'Mul' bottom: 'x' top: 'y' mul_param { mul_shape: 2 }");
  other_shape.Input("x", {2, 2}).Blob({1}, {10});
  EXPECT_THAT(other_shape.Forward(), HasReason("MODEL_WEIGHTS_MISMATCH"));
  LayerTester of_model("type: 'Add' bottom: 'x' top: 'y'");
  of_model.Input("x", {2, 2}, {1, 2, 3, 4}).Blob({2}, {10, 100});
  ASSERT_OK(of_model.Forward());
  EXPECT_THAT(of_model.Output("y"), Values({11, 102, 13, 104}));
}

TEST(BinaryFunctionsTest, Gradients) {
  for (const char* type :
       {"Add", "Sub", "Mul", "Div", "Maximum", "Minimum", "Pow"}) {
    SCOPED_TRACE(type);
    LayerTester layer = Binary(type);
    // Positive, and no two of a pair alike.
    std::vector<float> a = Noise(12), b = Noise(3, 7);
    for (float& value : a) value += 1.5f;
    for (float& value : b) value += 1.55f;
    GradientCheck check;
    check.step = 3e-3;
    check.tolerance = 3e-3;
    layer.Input("a", {2, 3, 2}, a).Input("b", {3, 1}, b);
    ExpectGradients(layer, check);
    LayerTester inner = Binary(type);
    inner.Input("a", {3, 1}, b).Input("b", {2, 2, 3, 1}, a);
    ExpectGradients(inner, check);
  }
}

TEST(BinaryFunctionsTest, GradientOfABlob) {
  LayerTester layer("type: 'Mul' bottom: 'x' top: 'y'");
  layer.Input("x", {2, 3}, Noise(6)).Blob({3}, {1, -2, 0.5});
  ExpectGradients(layer);
}

TEST(BinaryFunctionsTest, GradientWhereThereAreSeveral) {
  LayerTester maximum = Binary("Maximum");
  maximum.Input("a", {2}, {1, 1}).Input("b", {2}, {1, 2});
  ASSERT_OK(maximum.Backward());
  EXPECT_THAT(maximum.InputDiff("a"), Values({1, 0}));
  EXPECT_THAT(maximum.InputDiff("b"), Values({0, 1}));
  LayerTester power = Binary("Pow");
  power.Input("a", {3}, {0, -2, 0}).Input("b", {3}, {0, 3, 2});
  ASSERT_OK(power.Backward());
  EXPECT_THAT(power.InputDiff("a"), Values({0, 12, 0}));
  EXPECT_THAT(power.InputDiff("b"), Values({0, 0, 0}));
}

TEST(BinaryFunctionsTest, ComparisonsHaveNoGradient) {
  for (const char* type : {"Equal", "Greater"}) {
    LayerTester layer = Binary(type);
    layer.Input("a", {2}).Input("b", {2});
    ASSERT_OK(layer.Forward());
    EXPECT_FALSE(layer.layer().IsDifferentiable(0));
    EXPECT_FALSE(layer.layer().IsDifferentiable(1));
  }
}

TEST(BinaryFunctionsTest, Refuses) {
  LayerTester shapes = Binary("Add");
  shapes.Input("a", {2, 3}).Input("b", {2});
  EXPECT_THAT(shapes.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester one("type: 'Add' bottom: 'a' top: 'y'");
  one.Input("a", {2});
  EXPECT_THAT(one.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester three("type: 'Add' bottom: 'a' bottom: 'b' bottom: 'c' top: 'y'");
  three.Input("a", {2}).Input("b", {2}).Input("c", {2});
  EXPECT_THAT(three.Forward(), HasReason("LAYER_ARITY_INVALID"));
  LayerTester both = Binary("Add");
  both.Input("a", {2}).Input("b", {2}).Blob({2}, {1, 2});
  EXPECT_THAT(both.Forward(), HasReason("MODEL_WEIGHTS_MISMATCH"));
}

}  // namespace
}  // namespace quantd::testing
