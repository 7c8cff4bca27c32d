#include <cmath>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

// One output; the gates i, f, o, g get 1, 2, 3, 4 times x.
LayerTester SmallLstm(const std::string& fields) {
  LayerTester lstm(
      absl::StrCat("type: 'LSTM' bottom: 'x' bottom: 'cont' ", fields));
  lstm.Blob({4, 1}, {1, 2, 3, 4}).Blob({4}, {0, 0.5, 0, 0});
  lstm.Blob({4, 1}, {0.25, 0, -1, 0.5});
  return lstm;
}

struct State {
  float h = 0;
  float c = 0;
};

State Next(const State& before, float x) {
  const float i = Sigmoid(x + 0.25f * before.h);
  const float f = Sigmoid(2 * x + 0.5f);
  const float o = Sigmoid(3 * x - before.h);
  const float g = std::tanh(4 * x + 0.5f * before.h);
  const float c = f * before.c + i * g;
  return {o * std::tanh(c), c};
}

TEST(LstmLayerTest, CarriesTheStateWhereContIsNotZero) {
  LayerTester lstm = SmallLstm("top: 'y' recurrent_param { num_output: 1 }");
  lstm.Input("x", {3, 1, 1}, {0.5, -1, 0.25});
  lstm.Input("cont", {3, 1}, {0, 1, 0});
  ASSERT_OK(lstm.Forward());
  const State first = Next({}, 0.5f);
  const State last = Next({}, 0.25f);
  EXPECT_THAT(lstm.Output("y"), Values({first.h, Next(first, -1).h, last.h}));

  lstm.Input("cont", {3, 1}, {1, 1, 1});
  ASSERT_OK(lstm.Forward());
  EXPECT_NEAR(lstm.Output("y")[0], Next(last, 0.5f).h, 1e-5);
}

TEST(LstmLayerTest, ExposedStatesAreBottomsAndTops) {
  LayerTester lstm = SmallLstm(
      "bottom: 'h0' bottom: 'c0' top: 'y' top: 'h' top: 'c' "
      "recurrent_param { num_output: 1 expose_hidden: true }");
  lstm.Input("x", {1, 1, 1}, {0.5});
  lstm.Input("cont", {1, 1}, {1});
  lstm.Input("h0", {1, 1, 1}, {0.75});
  lstm.Input("c0", {1, 1, 1}, {-2});
  for (int i = 0; i < 2; ++i) {  // Nothing is carried over.
    ASSERT_OK(lstm.Forward());
    const State after = Next({0.75f, -2}, 0.5f);
    EXPECT_THAT(lstm.Output("y"), Values({after.h}));
    EXPECT_THAT(lstm.Output("h"), Values({after.h}));
    EXPECT_THAT(lstm.Output("c"), Values({after.c}));
  }
}

TEST(LstmLayerTest, Gradients) {
  LayerTester lstm(
      "type: 'LSTM' bottom: 'x' bottom: 'cont' bottom: 'static' bottom: 'h0' "
      "bottom: 'c0' top: 'y' top: 'h' top: 'c' "
      "recurrent_param { num_output: 2 expose_hidden: true "
      "weight_filler { type: 'uniform' min: -1 max: 1 } "
      "bias_filler { type: 'uniform' min: -1 max: 1 } }");
  lstm.Input("x", {3, 2, 2}, Noise(12));
  lstm.Input("cont", {3, 2}, {1, 0, 1, 1, 0, 1});
  lstm.Input("static", {2, 3}, Noise(6, 2));
  lstm.Input("h0", {1, 2, 2}, Noise(4, 3));
  lstm.Input("c0", {1, 2, 2}, Noise(4, 4));
  ExpectGradients(lstm);
}

TEST(LstmLayerTest, RefusesWhatDoesNotFit) {
  const std::string recurrent = " recurrent_param { num_output: 2 }";
  const struct {
    const char* fields;
    Shape x, cont, third;
    const char* reason;
  } cases[] = {
      {"top: 'y'", {3, 2, 1}, {3, 1}, {}, "LAYER_SHAPE_INVALID"},
      {"top: 'y'", {3}, {3}, {}, "LAYER_SHAPE_INVALID"},
      {"top: 'y'", {3, 2, 0}, {3, 2}, {}, "LAYER_SHAPE_INVALID"},
      {"top: 'y' bottom: 's'",
       {3, 2, 1},
       {3, 2},
       {3, 1},
       "LAYER_SHAPE_INVALID"},
      {"top: 'y' bottom: 's'", {3, 2, 1}, {3, 2}, {}, "LAYER_SHAPE_INVALID"},
      {"top: 'y' top: 'h'", {3, 2, 1}, {3, 2}, {}, "LAYER_ARITY_INVALID"},
  };
  for (const auto& bad : cases) {
    LayerTester lstm(absl::StrCat("type: 'LSTM' bottom: 'x' bottom: 'cont' ",
                                  bad.fields, recurrent));
    lstm.Input("x", bad.x).Input("cont", bad.cont).Input("s", bad.third);
    EXPECT_THAT(lstm.Forward(), HasReason(bad.reason)) << bad.fields;
  }
  LayerTester none("type: 'LSTM' bottom: 'x' bottom: 'cont' top: 'y'");
  none.Input("x", {3, 2, 1}).Input("cont", {3, 2});
  EXPECT_THAT(none.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  LayerTester exposed(
      "type: 'LSTM' bottom: 'x' bottom: 'cont' bottom: 'h' bottom: 'c' "
      "top: 'y' top: 'hh' top: 'cc' "
      "recurrent_param { num_output: 2 expose_hidden: true }");
  exposed.Input("x", {3, 2, 1}).Input("cont", {3, 2});
  exposed.Input("h", {1, 2, 2}).Input("c", {2, 2});
  EXPECT_THAT(exposed.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

TEST(LstmLayerTest, NoStepsAreNoOutputs) {
  LayerTester lstm = SmallLstm("top: 'y' recurrent_param { num_output: 1 }");
  lstm.Input("x", {0, 2, 1}).Input("cont", {0, 2});
  ASSERT_OK(lstm.Backward());
  EXPECT_THAT(lstm.Output("y"), Values({}));
}

}  // namespace
}  // namespace quantd::testing
