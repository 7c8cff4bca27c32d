#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester BroadcastTo(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'BroadcastTo' bottom: 'x' top: 'y' "
                   "broadcast_to_param { ",
                   fields, " }"));
}

TEST(BroadcastToLayerTest, RepeatsAxesOfOneAndNewOnes) {
  LayerTester broadcast = BroadcastTo("shape: 2 shape: 2 shape: 3");
  broadcast.Input("x", {2, 1}, {1, 2});
  ASSERT_OK(broadcast.Forward());
  EXPECT_EQ(broadcast.OutputShape("y"), Shape({2, 2, 3}));
  EXPECT_THAT(broadcast.Output("y"),
              Values({1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
}

TEST(BroadcastToLayerTest, AScalarAndTheSameShape) {
  LayerTester scalar = BroadcastTo("shape: 2");
  scalar.Input("x", Shape(), {5});
  ASSERT_OK(scalar.Forward());
  EXPECT_THAT(scalar.Output("y"), Values({5, 5}));
  LayerTester same = BroadcastTo("shape: 2");
  same.Input("x", {2}, {5, 6});
  ASSERT_OK(same.Forward());
  EXPECT_THAT(same.Output("y"), Values({5, 6}));
}

TEST(BroadcastToLayerTest, RefusesWrongShapes) {
  for (const char* fields :
       {"", "shape: 3", "shape: 2 shape: 2", "shape: 3 shape: 3",
        "shape: 0 shape: 3", "shape: 0 shape: 2 shape: 3"}) {
    LayerTester broadcast = BroadcastTo(fields);
    broadcast.Input("x", {2, 3});
    EXPECT_THAT(broadcast.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
  LayerTester huge = BroadcastTo("shape: 4294967295 shape: 4294967295");
  huge.Input("x", {1});
  EXPECT_THAT(huge.Forward(), HasReason("SHAPE_INVALID"));
}

TEST(BroadcastToLayerTest, Gradient) {
  LayerTester broadcast = BroadcastTo("shape: 2 shape: 3 shape: 2 shape: 2");
  broadcast.Input("x", {3, 1, 2}, Noise(6));
  ExpectGradients(broadcast);
}

}  // namespace
}  // namespace quantd::testing
