#include <cmath>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// One output, W_xh 1, b_h 0, W_hh 0.5, W_ho 2, b_o 0.25.
LayerTester SmallRnn(const std::string& fields) {
  LayerTester rnn(
      absl::StrCat("type: 'RNN' bottom: 'x' bottom: 'cont' ", fields));
  rnn.Blob({1, 1}, {1}).Blob({1}, {0});
  rnn.Blob({1, 1}, {0.5}).Blob({1, 1}, {2}).Blob({1}, {0.25});
  return rnn;
}

float Top(float h) { return std::tanh(2 * h + 0.25f); }

TEST(RnnLayerTest, CarriesTheStateWhereContIsNotZero) {
  LayerTester rnn = SmallRnn("top: 'y' recurrent_param { num_output: 1 }");
  rnn.Input("x", {3, 1, 1}, {0.5, -1, 0.25});
  rnn.Input("cont", {3, 1}, {0, 1, 0});
  ASSERT_OK(rnn.Forward());
  const float h0 = std::tanh(0.5f);
  const float h1 = std::tanh(-1 + 0.5f * h0);
  const float h2 = std::tanh(0.25f);
  EXPECT_THAT(rnn.Output("y"), Values({Top(h0), Top(h1), Top(h2)}));

  // The next pass goes on from h2.
  rnn.Input("cont", {3, 1}, {1, 1, 1});
  ASSERT_OK(rnn.Forward());
  EXPECT_NEAR(rnn.Output("y")[0], Top(std::tanh(0.5f + 0.5f * h2)), 1e-5);

  // Other sequences start anew.
  rnn.Input("x", {1, 2, 1}, {0.5, 0.5});
  rnn.Input("cont", {1, 2}, {1, 1});
  ASSERT_OK(rnn.Forward());
  EXPECT_THAT(rnn.Output("y"), Values({Top(h0), Top(h0)}));
}

TEST(RnnLayerTest, ExposedStateIsBottomAndTop) {
  LayerTester rnn = SmallRnn(
      "bottom: 'h0' top: 'y' top: 'h' "
      "recurrent_param { num_output: 1 expose_hidden: true }");
  rnn.Input("x", {1, 1, 1}, {0.5});
  rnn.Input("cont", {1, 1}, {1});
  rnn.Input("h0", {1, 1, 1}, {0.75});
  ASSERT_OK(rnn.Forward());
  const float h = std::tanh(0.5f + 0.5f * 0.75f);
  EXPECT_THAT(rnn.Output("h"), Values({h}));
  EXPECT_THAT(rnn.Output("y"), Values({Top(h)}));
  EXPECT_EQ(rnn.OutputShape("h"), Shape({1, 1, 1}));
}

// A cell with everything: static input and exposed states, random weights.
TEST(RnnLayerTest, Gradients) {
  LayerTester rnn(
      "type: 'RNN' bottom: 'x' bottom: 'cont' bottom: 'static' bottom: 'h0' "
      "top: 'y' top: 'h' recurrent_param { num_output: 2 expose_hidden: true "
      "weight_filler { type: 'uniform' min: -1 max: 1 } "
      "bias_filler { type: 'uniform' min: -1 max: 1 } }");
  rnn.Input("x", {3, 2, 2}, Noise(12));
  rnn.Input("cont", {3, 2}, {1, 0, 1, 1, 0, 1});
  rnn.Input("static", {2, 3}, Noise(6, 2));
  rnn.Input("h0", {1, 2, 2}, Noise(4, 3));
  ExpectGradients(rnn);
}

}  // namespace
}  // namespace quantd::testing
