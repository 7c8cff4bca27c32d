#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester Mvn(const std::string& fields, const std::string& top = "y",
                const std::string& type = "MVN") {
  return LayerTester(absl::StrCat("type: '", type, "' bottom: 'x' top: '", top,
                                  "' mvn_param { ", fields, " }"));
}

TEST(MvnLayerTest, EachPlane) {
  for (const char* type : {"MVN", "Mvm"}) {
    LayerTester mvn = Mvn("", "y", type);
    mvn.Input("x", {1, 2, 1, 2}, {1, 3, 10, 30});
    ASSERT_OK(mvn.Forward());
    EXPECT_THAT(mvn.Output("y"), Values({-1, 1, -1, 1}));
  }
}

TEST(MvnLayerTest, AcrossChannels) {
  // Mean 5, variance (16 + 4 + 4 + 16) / 4 = 10.
  LayerTester mvn = Mvn("across_channels: true", "x");
  mvn.Input("x", {2, 2, 1, 2}, {1, 3, 7, 9, 0, 0, 0, 0});
  ASSERT_OK(mvn.Forward());
  const float r = 1 / std::sqrt(10.f);
  EXPECT_THAT(mvn.Output("x"),
              Values({-4 * r, -2 * r, 2 * r, 4 * r, 0, 0, 0, 0}));
}

TEST(MvnLayerTest, EpsIsAddedToTheDeviation) {
  LayerTester mvn = Mvn("eps: 3");
  mvn.Input("x", {1, 1, 2}, {1, 3});
  ASSERT_OK(mvn.Forward());
  EXPECT_THAT(mvn.Output("y"), Values({-0.25, 0.25}));
}

TEST(MvnLayerTest, OnlyTheMean) {
  LayerTester mvn = Mvn("normalize_variance: false");
  mvn.Input("x", {1, 2, 2}, {1, 3, 10, 30});
  ASSERT_OK(mvn.Forward());
  EXPECT_THAT(mvn.Output("y"), Values({-1, 1, -10, 10}));
}

TEST(MvnLayerTest, TwoAxesAreChannelsOfOnePixel) {
  LayerTester mvn = Mvn("");
  mvn.Input("x", {1, 3}, {1, 2, 3});
  ASSERT_OK(mvn.Forward());
  EXPECT_THAT(mvn.Output("y"), Values({0, 0, 0}));
  LayerTester across = Mvn("across_channels: true normalize_variance: false");
  across.Input("x", {1, 3}, {1, 2, 3});
  ASSERT_OK(across.Forward());
  EXPECT_THAT(across.Output("y"), Values({-1, 0, 1}));
}

TEST(MvnLayerTest, NoItems) {
  LayerTester mvn = Mvn("");
  mvn.Input("x", {0, 3, 2});
  ASSERT_OK(mvn.Backward());
  EXPECT_EQ(mvn.OutputShape("y"), Shape({0, 3, 2}));
  LayerTester many = Mvn("");  // Planes.
  many.Input("x", {1 << 15, 1 << 15, 0});
  ASSERT_OK(many.Backward());
}

TEST(MvnLayerTest, Gradients) {
  for (const char* fields :
       {"", "across_channels: true", "normalize_variance: false",
        "across_channels: true normalize_variance: false"}) {
    for (const char* top : {"y", "x"}) {
      SCOPED_TRACE(absl::StrCat(fields, " -> ", top));
      LayerTester mvn = Mvn(fields, top);
      mvn.Input("x", {2, 2, 2, 3}, Noise(24));
      GradientCheck check;
      check.step = 3e-3;
      check.tolerance = 3e-3;
      ExpectGradients(mvn, check);
    }
  }
}

TEST(MvnLayerTest, RefusesNegativeEps) {
  for (const char* eps : {"-1", "nan"}) {
    LayerTester mvn = Mvn(absl::StrCat("eps: ", eps));
    mvn.Input("x", {1, 2});
    EXPECT_THAT(mvn.Forward(),
                StatusIs(StatusCode::kInvalidArgument, "mvn_param.eps"));
  }
}

}  // namespace
}  // namespace quantd::testing
