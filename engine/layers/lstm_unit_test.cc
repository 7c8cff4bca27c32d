#include <cmath>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

constexpr char kLayer[] =
    "type: 'LSTMUnit' bottom: 'c0' bottom: 'gates' bottom: 'cont' top: 'c' "
    "top: 'h'";

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

TEST(LstmUnitLayerTest, GatesAreIfog) {
  LayerTester unit(kLayer);
  unit.Input("c0", {1, 2, 1}, {2, NAN});
  unit.Input("gates", {1, 2, 4}, {0.5, 1, -1, 2, 0.5, 1, -1, 2});
  unit.Input("cont", {1, 2}, {1, 0});
  ASSERT_OK(unit.Forward());
  const float fresh = Sigmoid(0.5) * std::tanh(2.0f);
  const float kept = Sigmoid(1) * 2 + fresh;
  EXPECT_THAT(unit.Output("c"), Values({kept, fresh}));
  EXPECT_THAT(unit.Output("h"), Values({Sigmoid(-1) * std::tanh(kept),
                                        Sigmoid(-1) * std::tanh(fresh)}));
}

TEST(LstmUnitLayerTest, Gradients) {
  LayerTester unit(kLayer);
  unit.Input("c0", {1, 2, 3}, Noise(6));
  unit.Input("gates", {1, 2, 12}, Noise(24, 2));
  unit.Input("cont", {1, 2}, {1, 0});
  ExpectGradients(unit);
}

TEST(LstmUnitLayerTest, RefusesWhatDoesNotFit) {
  const struct {
    Shape c, gates, cont;
  } cases[] = {
      {{2, 2, 1}, {1, 2, 4}, {1, 2}},
      {{1, 2}, {1, 2, 4}, {1, 2}},
      {{1, 2, 1}, {1, 2, 3}, {1, 2}},
      {{1, 2, 1}, {1, 2, 4}, {2}},
  };
  for (const auto& bad : cases) {
    LayerTester unit(kLayer);
    unit.Input("c0", bad.c).Input("gates", bad.gates).Input("cont", bad.cont);
    EXPECT_THAT(unit.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
}

}  // namespace
}  // namespace quantd::testing
