#include <cmath>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

// One output; the gates r, z, n get 1, 2, 3 times x, and 0.25, -1, 0.5 times h.
LayerTester SmallGru(const std::string& fields) {
  LayerTester gru(
      absl::StrCat("type: 'GRU' bottom: 'x' bottom: 'cont' ", fields));
  gru.Blob({3, 1}, {1, 2, 3}).Blob({3}, {0, 0.5, 0});
  gru.Blob({3, 1}, {0.25, -1, 0.5});
  return gru;
}

float Next(float h, float x) {
  const float r = Sigmoid(x + 0.25f * h);
  const float z = Sigmoid(2 * x + 0.5f - h);
  const float n = std::tanh(3 * x + 0.5f * r * h);
  return (1 - z) * h + z * n;
}

TEST(GruLayerTest, CarriesTheStateWhereContIsNotZero) {
  LayerTester gru = SmallGru("top: 'y' recurrent_param { num_output: 1 }");
  gru.Input("x", {3, 1, 1}, {0.5, -1, 0.25});
  gru.Input("cont", {3, 1}, {0, 1, 0});
  ASSERT_OK(gru.Forward());
  const float first = Next(0, 0.5f);
  const float last = Next(0, 0.25f);
  EXPECT_THAT(gru.Output("y"), Values({first, Next(first, -1), last}));

  gru.Input("cont", {3, 1}, {1, 1, 1});
  ASSERT_OK(gru.Forward());
  EXPECT_NEAR(gru.Output("y")[0], Next(last, 0.5f), 1e-5);
}

TEST(GruLayerTest, Gradients) {
  LayerTester gru(
      "type: 'GRU' bottom: 'x' bottom: 'cont' bottom: 'static' bottom: 'h0' "
      "top: 'y' top: 'h' recurrent_param { num_output: 2 expose_hidden: true "
      "weight_filler { type: 'uniform' min: -1 max: 1 } "
      "bias_filler { type: 'uniform' min: -1 max: 1 } }");
  gru.Input("x", {3, 2, 2}, Noise(12));
  gru.Input("cont", {3, 2}, {1, 0, 1, 1, 0, 1});
  gru.Input("static", {2, 3}, Noise(6, 2));
  gru.Input("h0", {1, 2, 2}, Noise(4, 3));
  ExpectGradients(gru);
}

TEST(GruLayerTest, RefusesAnotherKind) {
  LayerTester gru(
      "type: 'GRU' bottom: 'x' bottom: 'cont' top: 'y' "
      "recurrent_param { num_output: 1 linear_before_reset: 1 }");
  gru.Input("x", {1, 1, 1}).Input("cont", {1, 1});
  EXPECT_THAT(gru.Forward(), HasReason("LAYER_PARAMETER_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
