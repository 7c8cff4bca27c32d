#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester LogSoftmax(const std::string& fields,
                       const std::string& top = "y") {
  return LayerTester(absl::StrCat("type: 'LogSoftmax' bottom: 'x' top: '", top,
                                  "' log_softmax_param { ", fields, " }"));
}

TEST(LogSoftmaxLayerTest, TheAxis) {
  // Channels of pixels: (0, ln 3) and (5, 5).
  LayerTester channels = LogSoftmax("");
  channels.Input("x", {1, 2, 2}, {0, 5, std::log(3.f), 5});
  ASSERT_OK(channels.Forward());
  const float half = std::log(0.5f), quarter = std::log(0.25f);
  EXPECT_THAT(channels.Output("y"),
              Values({quarter, half, std::log(0.75f), half}));
  LayerTester last = LogSoftmax("axis: -1", "x");
  last.Input("x", {2, 1, 2}, {7, 7, -3, -3});
  ASSERT_OK(last.Forward());
  EXPECT_THAT(last.Output("x"), Values({half, half, half, half}));
}

TEST(LogSoftmaxLayerTest, LargeValuesDoNotOverflow) {
  LayerTester layer = LogSoftmax("");
  layer.Input("x", {1, 2}, {1000, 0});
  ASSERT_OK(layer.Forward());
  EXPECT_THAT(layer.Output("y"), Values({0, -1000}));
}

TEST(LogSoftmaxLayerTest, Nothing) {
  for (const Shape& shape : {Shape{0, 2}, Shape{2, 0}, Shape{2, 2, 0}}) {
    LayerTester layer = LogSoftmax("");
    layer.Input("x", shape);
    ASSERT_OK(layer.Backward());
    EXPECT_EQ(layer.OutputShape("y"), shape);
  }
}

TEST(LogSoftmaxLayerTest, Gradients) {
  for (const char* fields : {"axis: 0", "axis: 1", "axis: -1"}) {
    for (const char* top : {"y", "x"}) {
      LayerTester layer = LogSoftmax(fields, top);
      layer.Input("x", {2, 3, 2}, Noise(12));
      ExpectGradients(layer);
    }
  }
}

TEST(LogSoftmaxLayerTest, RefusesOtherAxes) {
  for (const char* fields : {"axis: 2", "axis: -3"}) {
    LayerTester layer = LogSoftmax(fields);
    layer.Input("x", {2, 3});
    EXPECT_THAT(layer.Forward(), StatusIs(StatusCode::kInvalidArgument,
                                          "log_softmax_param.axis"));
  }
}

}  // namespace
}  // namespace quantd::testing
