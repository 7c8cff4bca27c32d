#include "engine/kernels/reference/pooling.h"
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
      {"pad: 1 global_pooling: true", "takes no pad"}};
  for (const auto& [fields, message] : cases) {
    LayerTester pool = Pool(fields);
    pool.Input("x", {1, 1, 4, 4});
    EXPECT_THAT(pool.Forward(), StatusIs(StatusCode::kInvalidArgument, message))
        << fields;
  }
}

TEST(PoolingLayerTest, RefusesStochasticAndOtherShapes) {
  LayerTester stochastic = Pool("kernel_size: 2 pool: STOCHASTIC");
  stochastic.Input("x", {1, 1, 4, 4});
  EXPECT_THAT(stochastic.Forward(),
              StatusIs(StatusCode::kUnimplemented, "STOCHASTIC"));
  LayerTester flat = Pool("kernel_size: 2");
  flat.Input("x", {1, 16});
  EXPECT_THAT(flat.Forward(), StatusIs(StatusCode::kInvalidArgument, "4 axes"));
}

TEST(PoolingLayerTest, Gradient) {
  for (const char* fields :
       {"kernel_size: 2 stride: 2", "kernel_size: 3 stride: 2 pad: 1",
        "kernel_size: 3 stride: 1",
        "kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1",
        "global_pooling: true", "kernel_size: 3 stride: 2 round_mode: FLOOR"}) {
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

TEST(PoolingLayerTest, WindowWithoutMaximumHasNoGradient) {
  LayerTester pooling(
      "type: 'Pooling' bottom: 'x' top: 'y' pooling_param { kernel_size: 2 }");
  pooling.Input("x", {1, 1, 2, 2}, {NAN, NAN, NAN, NAN});
  ASSERT_OK(pooling.Backward());
  EXPECT_THAT(pooling.InputDiff("x"), Values({0, 0, 0, 0}));
}

}  // namespace
}  // namespace quantd::testing
