#include <string>

#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(NopLayerTest, Copies) {
  for (const char* top : {"y", "x"}) {
    LayerTester nop(std::string("type: 'Nop' bottom: 'x' top: '") + top + "'");
    nop.Input("x", {2, 1}, {1, 2});
    ASSERT_OK(nop.Forward());
    EXPECT_EQ(nop.OutputShape(top), Shape({2, 1}));
    EXPECT_THAT(nop.Output(top), Values({1, 2}));
  }
}

TEST(NopLayerTest, Gradient) {
  LayerTester nop("type: 'Nop' bottom: 'x' top: 'y'");
  nop.Input("x", {2, 3}, Noise(6));
  ExpectGradients(nop);
}

TEST(NopLayerTest, RefusesTwoBottoms) {
  LayerTester nop("type: 'Nop' bottom: 'x' bottom: 'z' top: 'y'");
  nop.Input("x", {1}).Input("z", {1});
  EXPECT_THAT(nop.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
