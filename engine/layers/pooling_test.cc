#include "engine/kernels/reference/pooling.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester Pool(const std::string& fields, const std::string& tops = "'y'") {
  return LayerTester(absl::StrCat("type: 'Pooling' bottom: 'x' top: ", tops,
                                  " pooling_param { ", fields, " }"));
}

const std::vector<float> kOneToNine = {1, 2, 3, 4, 5, 6, 7, 8, 9};

TEST(PoolingLayerTest, MaxRoundsUp) {
  LayerTester pool = Pool("kernel_size: 2 stride: 2");
  pool.Input("x", {1, 1, 3, 3}, kOneToNine);
  ASSERT_OK(pool.Forward());
  EXPECT_EQ(pool.OutputShape("y"), Shape({1, 1, 2, 2}));
  EXPECT_THAT(pool.Output("y"), Values({5, 6, 8, 9}));
}

TEST(PoolingLayerTest, FloorDropsTheRest) {
  for (const char* floor : {"round_mode: FLOOR", "ceil_mode: false"}) {
    LayerTester pool = Pool(absl::StrCat("kernel_size: 2 stride: 2 ", floor));
    pool.Input("x", {1, 1, 3, 3}, kOneToNine);
    ASSERT_OK(pool.Forward());
    EXPECT_THAT(pool.Output("y"), Values({5}));
  }
}

TEST(PoolingLayerTest, MaxIgnoresPadding) {
  LayerTester pool = Pool("kernel_size: 3 pad: 1 stride: 2");
  pool.Input("x", {1, 1, 3, 3}, {-1, -2, -3, -4, -5, -6, -7, -8, -9});
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({-1, -2, -4, -5}));
}

TEST(PoolingLayerTest, MaskIsTheFirstMaximum) {
  LayerTester pool = Pool("kernel_size: 2 stride: 1", "'y' top: 'mask'");
  pool.Input("x", {1, 2, 2, 3}, {1, 5, 5, 0, 5, 2, 0, 0, 0, 0, 0, 0});
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({5, 5, 0, 0}));
  EXPECT_THAT(pool.Output("mask"), Values({1, 1, 0, 1}));
}

TEST(PoolingLayerTest, AverageDividesByTheWindowCutAtThePaddingsEnd) {
  LayerTester pool = Pool("pool: AVE kernel_size: 3 pad: 1 stride: 2");
  pool.Input("x", {1, 1, 4, 4},
             {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  ASSERT_OK(pool.Forward());
  // Windows begin at -1, 1, 3; the last is [3, 5) of [3, 6).
  EXPECT_THAT(pool.Output("y"), Values({4 / 9.f, 6 / 9.f, 2 / 6.f, 6 / 9.f, 1,
                                        3 / 6.f, 2 / 6.f, 3 / 6.f, 1 / 4.f}));
}

TEST(PoolingLayerTest, AverageWithoutPaddingDividesByTheImagePart) {
  LayerTester pool = Pool("pool: AVE kernel_size: 2 stride: 2");
  pool.Input("x", {1, 1, 3, 3}, kOneToNine);
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({3, 4.5, 7.5, 9}));
}

TEST(PoolingLayerTest, GlobalFollowsTheInput) {
  LayerTester pool = Pool("pool: AVE global_pooling: true");
  pool.Input("x", {1, 1, 3, 3}, kOneToNine);
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({5}));
  pool.Input("x", {1, 1, 1, 2}, {1, 2});
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({1.5}));
}

TEST(PoolingLayerTest, AgreesWithTheReference) {
  const Shape shape({2, 17, 11, 9});
  for (int method : {0, 1}) {
    for (int kernel = 1; kernel <= 4; ++kernel) {
      for (int stride = 1; stride <= 3; ++stride) {
        for (int pad = 0; pad < kernel; ++pad) {
          const std::string fields = absl::StrCat(
              "pool: ", method == 0 ? "MAX" : "AVE", " kernel_size: ", kernel,
              " stride: ", stride, " pad: ", pad);
          LayerTester pool = Pool(fields);
          pool.Input("x", shape, Noise(shape.num_elements()));
          ASSERT_OK(pool.Forward());
          PoolGeometry g;
          g.method = method == 0 ? PoolGeometry::kMax : PoolGeometry::kAverage;
          g.kernel = {kernel, kernel};
          g.stride = {stride, stride};
          g.pad = {pad, pad};
          Tensor src = *pool.net()->Blob("x").value();
          Tensor dst(pool.OutputShape("y"));
          ReferencePooling(g, src, &dst, nullptr);
          EXPECT_THAT(pool.Output("y"),
                      Values({dst.values().begin(), dst.values().end()}))
              << fields;
        }
      }
    }
  }
}

TEST(PoolingLayerTest, RefusesBadFields) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "kernel_size is 0"},
      {"kernel_size: 0", "kernel_size is 0"},
      {"kernel_size: 9", "kernel_size (9x9) is larger"},
      {"kernel_size: 4294967295", "kernel_size is 4294967295"},
      {"kernel_h: 2", "kernel_size is 0"},
      {"kernel_size: 2 kernel_h: 2", "keep one"},
      {"kernel_size: 2 stride: 0", "stride is 0"},
      {"kernel_size: 2 stride_h: 0 stride_w: 1", "stride is 0"},
      {"kernel_size: 2 pad: 2", "pad must be smaller"},
      {"kernel_size: 2 global_pooling: true", "global_pooling"},
      {"pad: 1 global_pooling: true", "takes no pad"},
      {"pad_left: 1 global_pooling: true", "takes no pad"},
      {"kernel_size: 2 pad_up: 2", "pad must be smaller"},
      {"kernel_size: 2 pad_down: 2", "pad must be smaller"},
      {"kernel_size: 2 pad_left: 2", "pad must be smaller"},
      {"kernel_size: 2 pad_right: 4294967295", "pad_right is 4294967295"},
      {"kernel_size: 2 pad_right: 1 pad: 1", "keep one"},
      {"kernel_size: 2 pad: 1 pad_value: inf", "pad_value must be finite"},
      {"kernel_size: 2 pad: 1 pool: STOCHASTIC", "MAX and AVE only"}};
  for (const auto& [fields, message] : cases) {
    LayerTester pool = Pool(fields);
    pool.Input("x", {1, 1, 4, 4});
    EXPECT_THAT(pool.Forward(), StatusIs(StatusCode::kInvalidArgument, message))
        << fields;
  }
}

TEST(PoolingLayerTest, RefusesOtherShapes) {
  for (const Shape& shape :
       {Shape({1, 16}), Shape({1, 1, 16}), Shape({1, 1, 4, 4, 4})}) {
    LayerTester pool = Pool("kernel_size: 2");
    pool.Input("x", shape);
    EXPECT_THAT(pool.Forward(),
                StatusIs(StatusCode::kInvalidArgument, "4 axes"));
  }
}

TEST(PoolingLayerTest, EachSideHasItsPadding) {
  LayerTester pool = Pool(
      "kernel_size: 2 pad_up: 1 pad_left: 0 pad_down: 0 pad_right: 1 "
      "pool: AVE");
  pool.Input("x", {1, 1, 2, 2}, {1, 2, 3, 4});
  ASSERT_OK(pool.Forward());
  EXPECT_EQ(pool.OutputShape("y"), Shape({1, 1, 2, 2}));
  EXPECT_THAT(pool.Output("y"), Values({0.75, 0.5, 2.5, 1.5}));
}

// As for symmetric padding: what begins behind the image is cut.
TEST(PoolingLayerTest, LastWindowBeginsBeforeTheImagesEnd) {
  for (const char* sides : {"pad_up: 1 pad_down: 1", "pad_up: 1"}) {
    LayerTester pool =
        Pool(absl::StrCat("kernel_h: 2 kernel_w: 1 stride: 3 ", sides));
    pool.Input("x", {1, 1, 5, 1}, {1, 2, 3, 4, 5});
    ASSERT_OK(pool.Forward());
    // At -1 and 2; not at 5.
    EXPECT_THAT(pool.Output("y"), Values({1, 4}));
  }
  LayerTester down = Pool("kernel_h: 2 kernel_w: 1 stride: 3 pad_down: 1");
  down.Input("x", {1, 1, 5, 1}, {1, 2, 3, 4, 5});
  ASSERT_OK(down.Forward());
  // At 0 and 3; not at 6.
  EXPECT_THAT(down.Output("y"), Values({2, 5}));
}

TEST(PoolingLayerTest, PadValueTakesPart) {
  LayerTester max =
      Pool("kernel_size: 2 stride: 2 pad: 1 pad_value: 2.5", "'y' top: 'mask'");
  max.Input("x", {1, 1, 2, 2}, {1, 2, 3, 4});
  ASSERT_OK(max.Forward());
  EXPECT_THAT(max.Output("y"), Values({2.5, 2.5, 3, 4}));
  EXPECT_THAT(max.Output("mask"), Values({-1, -1, 2, 3}));
  LayerTester average =
      Pool("pool: AVE kernel_size: 2 stride: 2 pad: 1 pad_value: 2");
  average.Input("x", {1, 1, 2, 2}, {1, 2, 3, 4});
  ASSERT_OK(average.Forward());
  EXPECT_THAT(average.Output("y"), Values({1.75, 2, 2.25, 2.5}));
}

TEST(PoolingLayerTest, PadValueCountsInsideThePaddingOnly) {
  // Rounded up, the second window hangs over the end of the padding.
  LayerTester average = Pool(
      "pool: AVE kernel_h: 3 kernel_w: 1 stride: 2 pad_up: 1 pad_value: 6");
  average.Input("x", {1, 1, 3, 1}, {3, 6, 9});
  ASSERT_OK(average.Forward());
  EXPECT_THAT(average.Output("y"), Values({5, 7.5}));
  LayerTester unpadded = Pool("kernel_size: 2 stride: 2 pad_value: 99");
  unpadded.Input("x", {1, 1, 3, 3}, kOneToNine);
  ASSERT_OK(unpadded.Forward());
  EXPECT_THAT(unpadded.Output("y"), Values({5, 6, 8, 9}));
}

TEST(PoolingLayerTest, MaximumInThePaddingHasNoGradient) {
  LayerTester pool = Pool("kernel_size: 2 stride: 2 pad: 1 pad_value: 2.5");
  pool.Input("x", {1, 1, 2, 2}, {1, 2, 3, 4});
  ASSERT_OK(pool.Backward({{"y", {1, 10, 100, 1000}}}));
  EXPECT_THAT(pool.InputDiff("x"), Values({0, 0, 100, 1000}));
}

TEST(PoolingLayerTest, SidesAgreeWithTheDefinition) {
  const Shape shape({2, 3, 7, 6});
  for (const bool average : {false, true}) {
    for (int up = 0; up < 3; ++up) {
      for (int down = 0; down < 3; ++down) {
        for (int stride = 1; stride <= 3; ++stride) {
          const std::string fields =
              absl::StrCat("pool: ", average ? "AVE" : "MAX",
                           " kernel_size: 3 stride: ", stride, " pad_up: ", up,
                           " pad_down: ", down);
          LayerTester pool = Pool(fields);
          pool.Input("x", shape, Noise(shape.num_elements()));
          ASSERT_OK(pool.Forward());
          PoolGeometry g;
          g.method = average ? PoolGeometry::kAverage : PoolGeometry::kMax;
          g.kernel = {3, 3};
          g.stride = {stride, stride};
          g.pad = {up, 0};
          g.pad_end = {down, 0};
          Tensor dst(pool.OutputShape("y"));
          ReferencePooling(g, *pool.net()->Blob("x").value(), &dst, nullptr);
          EXPECT_THAT(pool.Output("y"),
                      Values({dst.values().begin(), dst.values().end()}))
              << fields;
        }
      }
    }
  }
}

TEST(PoolingLayerTest, StochasticAveragesInTest) {
  LayerTester pool = Pool("pool: STOCHASTIC kernel_size: 2 stride: 2");
  pool.Input("x", {1, 1, 2, 3}, {1, 2, 0, 3, 4, 0});
  ASSERT_OK(pool.Forward());
  EXPECT_THAT(pool.Output("y"), Values({30 / 10.f, 0}));
}

TEST(PoolingLayerTest, StochasticDrawsInTrain) {
  constexpr int kWindows = 4000;
  LayerTester pool(
      "type: 'Pooling' bottom: 'x' top: 'y' pooling_param { "
      "pool: STOCHASTIC kernel_h: 1 kernel_w: 3 stride_h: 1 stride_w: 3 }",
      caffe::TRAIN);
  std::vector<float> x;
  for (int i = 0; i < kWindows; ++i) x.insert(x.end(), {1, 0, 3});
  pool.Input("x", {1, 1, 1, 3 * kWindows}, x);
  ASSERT_OK(pool.Backward());
  const std::vector<float> y = pool.Output("y");
  const std::vector<float> dx = pool.InputDiff("x");
  int ones = 0;
  for (int i = 0; i < kWindows; ++i) {
    ASSERT_TRUE(y[i] == 1 || y[i] == 3) << i;
    ones += y[i] == 1 ? 1 : 0;
    // The gradient goes to what was drawn.
    ASSERT_EQ(dx[3 * i], y[i] == 1 ? 1 : 0) << i;
    ASSERT_EQ(dx[3 * i + 1], 0) << i;
    ASSERT_EQ(dx[3 * i + 2], y[i] == 3 ? 1 : 0) << i;
  }
  EXPECT_NEAR(ones, kWindows / 4, kWindows / 40);
}

TEST(PoolingLayerTest, StochasticWithoutProbabilitiesIsZero) {
  LayerTester pool(
      "type: 'Pooling' bottom: 'x' top: 'y' pooling_param { "
      "pool: STOCHASTIC kernel_h: 1 kernel_w: 2 stride_w: 2 stride_h: 1 }",
      caffe::TRAIN);
  pool.Input("x", {1, 1, 1, 2}, {NAN, 1});
  ASSERT_OK(pool.Backward());
  EXPECT_THAT(pool.Output("y"), Values({0}));
  EXPECT_THAT(pool.InputDiff("x"), Values({0, 0}));
}

TEST(PoolingLayerTest, StochasticGradientInTest) {
  LayerTester pool = Pool("pool: STOCHASTIC kernel_size: 3 stride: 2");
  std::vector<float> x = Noise(40);
  for (float& value : x) value += 1.5f;
  pool.Input("x", {1, 2, 5, 4}, x);
  ExpectGradients(pool);
}

TEST(PoolingLayerTest, Gradient) {
  for (const char* fields :
       {"kernel_size: 2 stride: 2", "kernel_size: 3 stride: 2 pad: 1",
        "kernel_size: 3 stride: 1",
        "kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1",
        "global_pooling: true", "kernel_size: 3 stride: 2 round_mode: FLOOR",
        "kernel_size: 3 pad_up: 2 pad_right: 1 pad_value: 1.93"}) {
    for (const char* method : {"MAX", "AVE"}) {
      SCOPED_TRACE(absl::StrCat(method, " ", fields));
      LayerTester pooling(
          absl::StrCat("type: 'Pooling' bottom: 'x' top: 'y' pooling_param { "
                       "pool: ",
                       method, " ", fields, " }"));
      // All values differ by more than the step.
      std::vector<float> x(40);
      for (int i = 0; i < 40; ++i) x[i] = 0.1f * static_cast<float>(i * 7 % 40);
      pooling.Input("x", {1, 2, 5, 4}, x);
      ExpectGradients(pooling);
    }
  }
}

TEST(PoolingLayerTest, GradientGoesToTheFirstMaximum) {
  LayerTester pooling(
      "type: 'Pooling' bottom: 'x' top: 'y' top: 'mask' pooling_param { "
      "kernel_size: 2 }");
  pooling.Input("x", {1, 1, 2, 3}, {1, 5, 5, 5, 2, NAN});
  ASSERT_OK(pooling.Backward({{"y", {1, 10}}}));
  EXPECT_THAT(pooling.InputDiff("x"), Values({0, 11, 0, 0, 0, 0}));
}

// Caffe writes outside of the blob here.
TEST(PoolingLayerTest, GradientOfAWindowWithoutMaximumStaysInIt) {
  LayerTester pooling(
      "type: 'Pooling' bottom: 'x' top: 'y' pooling_param { kernel_size: 2 "
      "stride: 2 }");
  pooling.Input("x", {1, 1, 2, 4}, {NAN, NAN, 1, 2, NAN, NAN, 4, 3});
  ASSERT_OK(pooling.Backward());
  const std::vector<float> diff = pooling.InputDiff("x");
  EXPECT_LE(diff[0] + diff[1] + diff[4] + diff[5], 1);
  EXPECT_EQ(diff[2] + diff[3] + diff[7], 0);
  EXPECT_EQ(diff[6], 1);
}

}  // namespace
}  // namespace quantd::testing
