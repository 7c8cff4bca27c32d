// Checks a layer's Backward() against finite differences of its Forward().
#ifndef QUANTD_ENGINE_LAYERS_TESTING_GRADIENT_CHECK_H_
#define QUANTD_ENGINE_LAYERS_TESTING_GRADIENT_CHECK_H_

#include <string>
#include <vector>

#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {

// How a gradient is checked against finite differences.
struct GradientCheck {
  double step = 1e-2;
  // |computed - estimated| <= tolerance * max(|computed|, |estimated|, 1).
  double tolerance = 1e-3;
  // Where the function has a kink (0 for ReLU): inputs that are nearer to it
  // than `kink_range` are not checked.
  double kink = 0;
  double kink_range = -1;
  // The inputs to check; empty: all that are differentiable. All blobs always
  // are, unless check_blobs is false.
  std::vector<std::string> inputs;
  bool check_blobs = true;
};

// Checks Backward() of `tester`'s layer, for random top gradients, against
// central differences of Forward(): every value of every input and blob.
void ExpectGradients(LayerTester& tester, const GradientCheck& check = {});

}  // namespace quantd::testing

#endif  // QUANTD_ENGINE_LAYERS_TESTING_GRADIENT_CHECK_H_
