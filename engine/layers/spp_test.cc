#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester Spp(const std::string& fields, caffe::Phase phase = caffe::TEST) {
  return LayerTester(absl::StrCat("type: 'SPP' bottom: 'x' top: 'y' "
                                  "spp_param { ",
                                  fields, " }"),
                     phase);
}

std::vector<float> Count(int n) {
  std::vector<float> values(n);
  for (int i = 0; i < n; ++i) values[i] = static_cast<float>(i + 1);
  return values;
}

TEST(SppLayerTest, LevelsFollowEachOther) {
  LayerTester spp = Spp("pyramid_height: 2");
  spp.Input("x", {2, 1, 2, 2}, {1, 2, 3, 4, 8, 7, 6, 5});
  ASSERT_OK(spp.Forward());
  EXPECT_EQ(spp.OutputShape("y"), Shape({2, 5}));
  EXPECT_THAT(spp.Output("y"), Values({4, 1, 2, 3, 4, 8, 8, 7, 6, 5}));
}

// All channels of a level stand before the next level.
TEST(SppLayerTest, ChannelsInsideLevels) {
  LayerTester spp = Spp("pyramid_height: 2");
  spp.Input("x", {1, 2, 2, 2}, Count(8));
  ASSERT_OK(spp.Forward());
  EXPECT_THAT(spp.Output("y"), Values({4, 8, 1, 2, 3, 4, 5, 6, 7, 8}));
}

// 3 rows in 2 bins: windows of 2 with 1 row of padding before the image.
TEST(SppLayerTest, BinsArePadded) {
  LayerTester max = Spp("pyramid_height: 2");
  max.Input("x", {1, 1, 3, 4}, Count(12));
  ASSERT_OK(max.Forward());
  EXPECT_THAT(max.Output("y"), Values({12, 2, 4, 10, 12}));
  LayerTester average = Spp("pyramid_height: 2 pool: AVE");
  average.Input("x", {1, 1, 3, 4}, Count(12));
  ASSERT_OK(average.Forward());
  // The padding counts in the divisor.
  EXPECT_THAT(average.Output("y"), Values({6.5, 0.75, 1.75, 7.5, 9.5}));
}

TEST(SppLayerTest, OneLevelKeepsItsAxes) {
  LayerTester spp = Spp("pyramid_height: 1 pool: AVE");
  spp.Input("x", {1, 2, 2, 3}, Count(12));
  ASSERT_OK(spp.Forward());
  EXPECT_EQ(spp.OutputShape("y"), Shape({1, 2, 1, 1}));
  EXPECT_THAT(spp.Output("y"), Values({3.5, 9.5}));
}

TEST(SppLayerTest, BinsFollowTheInput) {
  LayerTester spp = Spp("pyramid_height: 2");
  spp.Input("x", {1, 1, 2, 2}, {1, 2, 3, 4});
  ASSERT_OK(spp.Forward());
  spp.Input("x", {1, 1, 4, 4}, Count(16));
  ASSERT_OK(spp.Forward());
  EXPECT_THAT(spp.Output("y"), Values({16, 6, 8, 14, 16}));
  spp.Input("x", {0, 1, 4, 4});
  ASSERT_OK(spp.Forward());
  EXPECT_EQ(spp.OutputShape("y"), Shape({0, 5}));
}

// The sizes that can be pooled have as many values as bins.
TEST(SppLayerTest, AnySizeHasItsBinsOrIsRefused) {
  for (int height = 1; height <= 4; ++height) {
    for (int h = 1; h <= 20; ++h) {
      const int w = 21 - h;
      LayerTester spp = Spp(absl::StrCat("pyramid_height: ", height));
      spp.Input("x", {1, 1, h, w}, Count(h * w));
      const absl::Status status = spp.Forward();
      bool fits = true;
      for (int level = 0; level < height; ++level) {
        for (int size : {h, w}) {
          const int bins = 1 << level, kernel = (size + bins - 1) / bins;
          fits = fits && (kernel * bins - size + 1) / 2 < kernel;
        }
      }
      ASSERT_EQ(status.ok(), fits) << height << " " << h << " " << status;
      if (!fits) continue;
      const int values = ((1 << 2 * height) - 1) / 3;
      EXPECT_EQ(spp.OutputShape("y").num_elements(), values) << h;
    }
  }
}

TEST(SppLayerTest, Stochastic) {
  LayerTester test = Spp("pyramid_height: 2 pool: STOCHASTIC");
  test.Input("x", {1, 1, 2, 2}, {1, 2, 3, 4});
  ASSERT_OK(test.Forward());
  EXPECT_THAT(test.Output("y"), Values({3, 1, 2, 3, 4}));
  LayerTester train = Spp("pyramid_height: 2 pool: STOCHASTIC", caffe::TRAIN);
  train.Input("x", {1, 1, 2, 2}, {0, 0, 7, 0});
  ASSERT_OK(train.Backward());
  EXPECT_THAT(train.Output("y"), Values({7, 0, 0, 7, 0}));
  EXPECT_THAT(train.InputDiff("x"), Values({1, 1, 2, 1}));
  LayerTester padded = Spp("pyramid_height: 2 pool: STOCHASTIC");
  padded.Input("x", {1, 1, 3, 2});
  EXPECT_THAT(padded.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "spp_param.pool"));
}

TEST(SppLayerTest, Refuses) {
  for (const auto& [fields, shape, message] :
       std::vector<std::tuple<std::string, Shape, std::string>>{
           {"", {1, 1, 4, 4}, "pyramid_height must be positive"},
           {"pyramid_height: 0", {1, 1, 4, 4}, "must be positive"},
           {"pyramid_height: 2", {1, 1, 1, 4}, "level 1"},
           {"pyramid_height: 4", {1, 1, 4, 4}, "level 3"},
           {"pyramid_height: 4294967295", {1, 1, 4, 4}, "level 3"},
           {"pyramid_height: 1", {1, 1, 0, 4}, "with pixels"},
           {"pyramid_height: 1", {1, 16}, "(N, C, H, W)"}}) {
    LayerTester spp = Spp(fields);
    spp.Input("x", shape);
    EXPECT_THAT(spp.Forward(), StatusIs(StatusCode::kInvalidArgument, message))
        << fields;
  }
}

TEST(SppLayerTest, Gradient) {
  for (const char* method : {"MAX", "AVE"}) {
    for (int height : {1, 2, 3}) {
      SCOPED_TRACE(absl::StrCat(method, " ", height));
      LayerTester spp =
          Spp(absl::StrCat("pyramid_height: ", height, " pool: ", method));
      // All values differ by more than the step.
      std::vector<float> x(2 * 6 * 7);
      for (size_t i = 0; i < x.size(); ++i) {
        x[i] = 0.1f * static_cast<float>(i * 25 % x.size());
      }
      spp.Input("x", {1, 2, 6, 7}, x);
      ExpectGradients(spp);
    }
  }
}

}  // namespace
}  // namespace quantd::testing
