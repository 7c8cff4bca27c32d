#include "engine/layers/testing/function_check.h"

#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

TEST(ScaledTanhLayerTest, AlphaAndBeta) {
  const char* tanh =
      "type: 'ScaledTanH' scaled_tanh_param { alpha: 2 beta: 0.5 }";
  // tanh(0.5) = 0.4621172, tanh(1) = 0.7615942.
  ExpectFunction(tanh, {0, 1, -2}, {0, 0.9242343f, -1.5231883f});
  ExpectFunctionGradient(tanh, {-2, 0, 0.5f});
  ExpectNanPasses(tanh);
}

}  // namespace
}  // namespace quantd::testing
