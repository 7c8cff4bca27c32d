#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

TEST(PReluLayerTest, SlopePerChannel) {
  LayerTester prelu("type: 'PReLU' bottom: 'x' top: 'x'");
  prelu.Input("x", {1, 2, 1, 2}, {-1, 1, -2, 2}).Blob({2}, {0.5, 3});
  ASSERT_OK(prelu.Forward());
  EXPECT_THAT(prelu.Output("x"), Values({-0.5, 1, -6, 2}));
}

TEST(PReluLayerTest, SharedSlopeIsAQuarterUnlessLoaded) {
  LayerTester prelu(
      "type: 'PReLU' bottom: 'x' top: 'y' prelu_param { channel_shared: true "
      "}");
  prelu.Input("x", {1, 2}, {-1, -2});
  ASSERT_OK(prelu.Forward());
  EXPECT_THAT(prelu.Output("y"), Values({-0.25, -0.5}));
  EXPECT_EQ(prelu.net()->layer(1).blobs()[0].shape(), Shape());
}

TEST(PReluLayerTest, RefusesAVector) {
  LayerTester prelu("type: 'PReLU' bottom: 'x' top: 'y'");
  prelu.Input("x", {4});
  EXPECT_THAT(prelu.Forward(),
              StatusIs(absl::StatusCode::kInvalidArgument, "has no channels"));
}

TEST(PReluLayerTest, Gradient) {
  for (const char* shared : {"true", "false"}) {
    for (const char* top : {"y", "x"}) {
      LayerTester prelu(absl::StrCat(
          "type: 'PReLU' bottom: 'x' prelu_param { channel_shared: ", shared,
          " } top: '", top, "'"));
      prelu.Input("x", {2, 3, 4}, Noise(24));
      GradientCheck check;
      check.kink_range = 0.02;
      ExpectGradients(prelu, check);
    }
  }
}

}  // namespace
}  // namespace quantd::testing
