#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Unpool(const std::string& fields,
                   const std::string& bottoms = "bottom: 'x' ") {
  return LayerTester(absl::StrCat("type: 'Unpooling' ", bottoms,
                                  "top: 'y' unpooling_param { ", fields, " }"));
}

const char kTwoBottoms[] = "bottom: 'x' bottom: 'mask' ";

TEST(UnpoolingLayerTest, ByAMask) {
  LayerTester unpool = Unpool("unpool_h: 1 unpool_w: 4", kTwoBottoms);
  unpool.Input("x", {1, 2, 1, 2}, {1, 2, 3, 4});
  unpool.Input("mask", {1, 2, 1, 2}, {1, 3, 0, 2});
  ASSERT_OK(unpool.Forward());
  EXPECT_THAT(unpool.Output("y"), Values({0, 1, 0, 2, 3, 0, 4, 0}));
  ExpectGradients(unpool);
}

TEST(UnpoolingLayerTest, MaxWithoutMaskIsTopLeft) {
  LayerTester unpool = Unpool("kernel_size: 2 stride: 2");
  unpool.Input("x", {1, 1, 1, 2}, {1, 2});
  ASSERT_OK(unpool.Forward());
  EXPECT_EQ(unpool.OutputShape("y"), Shape({1, 1, 2, 4}));
  EXPECT_THAT(unpool.Output("y"), Values({1, 0, 2, 0, 0, 0, 0, 0}));
}

TEST(UnpoolingLayerTest, TileAddsOverlaps) {
  LayerTester unpool = Unpool("unpool: TILE kernel_h: 1 kernel_w: 3 stride: 2");
  unpool.Input("x", {1, 1, 1, 2}, {1, 2});
  ASSERT_OK(unpool.Forward());
  EXPECT_THAT(unpool.Output("y"), Values({1, 1, 3, 2, 2}));
  // Again: nothing is left of the first run.
  ASSERT_OK(unpool.Forward());
  EXPECT_THAT(unpool.Output("y"), Values({1, 1, 3, 2, 2}));
}

TEST(UnpoolingLayerTest, AverageDividesByTheWindow) {
  LayerTester unpool = Unpool(
      "unpool: AVE kernel_h: 1 kernel_w: 3 stride_h: 1 stride_w: 2 "
      "unpool_h: 1 unpool_w: 4");
  unpool.Input("x", {1, 1, 1, 2}, {3, 4});
  ASSERT_OK(unpool.Forward());
  // The second window is cut to two pixels.
  EXPECT_THAT(unpool.Output("y"), Values({1, 1, 3, 2}));
}

TEST(UnpoolingLayerTest, PadCutsTheTop) {
  LayerTester unpool =
      Unpool("unpool: TILE kernel_size: 3 stride: 2 pad_h: 1 pad_w: 1");
  unpool.Input("x", {1, 1, 1, 2}, {1, 2});
  ASSERT_OK(unpool.Forward());
  EXPECT_EQ(unpool.OutputShape("y"), Shape({1, 1, 1, 3}));
  EXPECT_THAT(unpool.Output("y"), Values({1, 3, 2}));
}

TEST(UnpoolingLayerTest, Gradients) {
  for (const char* method : {"MAX", "AVE", "TILE"}) {
    LayerTester unpool = Unpool(absl::StrCat(
        "unpool: ", method, " kernel_size: 3 stride: 2 unpool_size: 4"));
    unpool.Input("x", {2, 2, 2, 2}, Noise(16));
    ExpectGradients(unpool);
  }
}

TEST(UnpoolingLayerTest, BadFields) {
  for (const char* fields :
       {"", "kernel_h: 2", "kernel_size: 0", "kernel_size: 2 stride: 0",
        "kernel_size: 2 kernel_h: 2 kernel_w: 2", "kernel_size: 2 pad: 2",
        "kernel_size: 2 unpool_h: 3", "kernel_size: 2 unpool_size: 0",
        "kernel_size: 70000"}) {
    LayerTester unpool = Unpool(fields);
    unpool.Input("x", {1, 1, 1, 2});
    EXPECT_THAT(unpool.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(UnpoolingLayerTest, BadBottoms) {
  LayerTester unpool = Unpool("unpool_size: 2", kTwoBottoms);
  unpool.Input("x", {1, 1, 1, 2}).Input("mask", {1, 1, 1, 2}, {0, 4});
  EXPECT_THAT(unpool.Forward(), HasReason("LAYER_INPUT_INVALID"));
  LayerTester average = Unpool("unpool: AVE unpool_size: 2", kTwoBottoms);
  average.Input("x", {1, 1, 1, 2}).Input("mask", {1, 1, 1, 2});
  EXPECT_THAT(average.Forward(), HasReason("LAYER_ARITY_INVALID"));
  LayerTester empty = Unpool("kernel_size: 2 pad: 1");
  empty.Input("x", {1, 1, 1, 2});
  EXPECT_THAT(empty.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
