#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Quant(const std::string& param) {
  return LayerTester("type: 'Quant' bottom: 'x' top: 'x' quant_param { " +
                     param + " }");
}

TEST(QuantLayerTest, ScaleIsTheReciprocalOfTheStep) {
  LayerTester quant = Quant("scale: 2 offset: 0");
  quant.Input("x", {5}, {0.2f, 0.25f, -0.25f, 100, -100});
  ASSERT_OK(quant.Forward());
  EXPECT_THAT(quant.Output("x"), Values({0, 0.5, -0.5, 63.5, -64}));
}

TEST(QuantLayerTest, OffsetAndBits) {
  LayerTester offset = Quant("scale: 1 offset: -128 num_bits_d: 0");
  offset.Input("x", {3}, {-5, 5, 300});
  ASSERT_OK(offset.Forward());
  EXPECT_THAT(offset.Output("x"), Values({0, 5, 255}));
  LayerTester bits = Quant("scale: 1 num_bits_d: 16");
  bits.Input("x", {2}, {1000, 40000});
  ASSERT_OK(bits.Forward());
  EXPECT_THAT(bits.Output("x"), Values({1000, 32767}));
}

TEST(QuantLayerTest, RefusesBadParameters) {
  for (const std::string param : {"", "scale: 0", "scale: -1", "scale: inf",
                                  "scale: nan", "scale: 1e-17"}) {
    LayerTester quant = Quant(param);
    quant.Input("x", {1});
    EXPECT_THAT(quant.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << param;
  }
  for (const std::string param :
       {"scale: 1 offset: 128", "scale: 1 num_bits_d: 17"}) {
    LayerTester quant = Quant(param);
    quant.Input("x", {1});
    EXPECT_THAT(quant.Forward(), HasReason("OPTION_OUT_OF_RANGE")) << param;
  }
}

TEST(QuantLayerTest, GradientPassesAlsoWhereClipped) {
  for (const char* top : {"y", "x"}) {
    LayerTester quant(absl::StrCat("type: 'Quant' bottom: 'x' top: '", top,
                                   "' quant_param { scale: 10 }"));
    quant.Input("x", {3}, {0.123f, 1e6f, -1e6f});
    ASSERT_OK(quant.Backward({{top, {1, 2, 3}}}));
    EXPECT_THAT(quant.InputDiff("x"), Values({1, 2, 3}));
  }
}

}  // namespace
}  // namespace quantd::testing
