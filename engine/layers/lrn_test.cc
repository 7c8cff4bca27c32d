#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester Lrn(const std::string& fields) {
  return LayerTester(absl::StrCat(
      "type: 'LRN' bottom: 'x' top: 'y' lrn_param { ", fields, " }"));
}

TEST(LrnLayerTest, AcrossChannelsSumsTheNeighbours) {
  LayerTester lrn = Lrn("local_size: 3 alpha: 3 beta: 1 k: 2");
  lrn.Input("x", {1, 4, 1, 1}, {1, 2, 3, 4});
  ASSERT_OK(lrn.Forward());
  EXPECT_THAT(lrn.Output("y"), Values({1 / 7.f, 2 / 16.f, 3 / 31.f, 4 / 27.f}));
}

TEST(LrnLayerTest, UsualBetaIsThePower) {
  LayerTester lrn = Lrn("local_size: 1 alpha: 2");
  lrn.Input("x", {1, 1, 1, 2}, {3, -0.5});
  ASSERT_OK(lrn.Forward());
  EXPECT_THAT(lrn.Output("y"), Values({3 * std::pow(19.f, -0.75f),
                                       -0.5f * std::pow(1.5f, -0.75f)}));
}

TEST(LrnLayerTest, WithinChannelIgnoresKAndCountsPadding) {
  LayerTester lrn =
      Lrn("local_size: 3 alpha: 9 beta: 1 k: 5 norm_region: WITHIN_CHANNEL");
  lrn.Input("x", {1, 2, 1, 3}, {1, 2, 3, 1, 0, 0});
  ASSERT_OK(lrn.Forward());
  EXPECT_THAT(lrn.Output("y"),
              Values({1 / 6.f, 2 / 15.f, 3 / 14.f, 1 / 2.f, 0, 0}));
}

TEST(LrnLayerTest, RefusesEvenSizesAndOtherShapes) {
  for (const char* size : {"0", "4", "65537"}) {
    LayerTester lrn = Lrn(absl::StrCat("local_size: ", size));
    lrn.Input("x", {1, 1, 1, 1});
    EXPECT_THAT(lrn.Forward(),
                StatusIs(StatusCode::kInvalidArgument, "local_size"));
  }
  LayerTester flat = Lrn("");
  flat.Input("x", {1, 3});
  EXPECT_THAT(flat.Forward(), StatusIs(StatusCode::kInvalidArgument, "4 axes"));
}

TEST(LrnLayerTest, Gradient) {
  for (const char* fields :
       {"local_size: 3 alpha: 2 beta: 0.75 k: 1.5",
        "local_size: 5 alpha: 1 beta: 0.5",
        "norm_region: WITHIN_CHANNEL local_size: 3 alpha: 2",
        "norm_region: WITHIN_CHANNEL local_size: 5 alpha: 3 beta: 1.25"}) {
    SCOPED_TRACE(fields);
    LayerTester lrn(absl::StrCat(
        "type: 'LRN' bottom: 'x' top: 'y' lrn_param { ", fields, " }"));
    lrn.Input("x", {2, 6, 3, 2}, Noise(72));
    ExpectGradients(lrn);
  }
}

}  // namespace
}  // namespace quantd::testing
