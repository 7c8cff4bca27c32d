#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Prior(const std::string& fields,
                  const std::string& type = "PriorBox") {
  LayerTester tester(absl::StrCat("type: '", type,
                                  "' bottom: 'x' bottom: 'image' top: 'y' "
                                  "prior_box_param { ",
                                  fields, " }"));
  tester.Input("x", {1, 1, 1, 1}).Input("image", {1, 3, 10, 20});
  return tester;
}

// Width and height in pixels of each box, for a 1 x 1 map and a 20 x 10 image.
std::vector<float> Sizes(const LayerTester& tester) {
  const std::vector<float> y = tester.Output("y");
  std::vector<float> sizes;
  for (size_t i = 0; i < y.size() / 2; i += 4) {
    sizes.push_back((y[i + 2] - y[i]) * 20);
    sizes.push_back((y[i + 3] - y[i + 1]) * 10);
  }
  return sizes;
}

TEST(PriorBoxLayerTest, CellsAreRowMajorAndCentred) {
  LayerTester prior = Prior("min_size: 4");
  prior.Input("x", {1, 7, 1, 2});
  ASSERT_OK(prior.Forward());
  EXPECT_EQ(prior.OutputShape("y"), Shape({1, 2, 8}));
  // Steps of 10 x 10 pixels; centres (5, 5) and (15, 5).
  EXPECT_THAT(prior.Output("y"),
              Values({0.15f, 0.3f, 0.35f, 0.7f, 0.65f, 0.3f, 0.85f, 0.7f,  //
                      0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f}));
}

TEST(PriorBoxLayerTest, SizesOfACell) {
  const float r = std::sqrt(2.f);
  LayerTester prior = Prior("min_size: 4.9 max_size: 9 aspect_ratio: 2");
  ASSERT_OK(prior.Forward());
  // 4.9 is cut to 4.
  EXPECT_THAT(Sizes(prior),
              Values({4, 4, 6, 6, 4 * r, 4 / r, 4 / r, 4 * r}, 1e-4f));
}

TEST(PriorBoxLayerTest, RatiosOnceEach) {
  LayerTester prior = Prior(
      "min_size: 2 min_size: 4 aspect_ratio: 1 aspect_ratio: 4 "
      "aspect_ratio: 0.25 aspect_ratio: 4");
  ASSERT_OK(prior.Forward());
  EXPECT_THAT(Sizes(prior),
              Values({2, 2, 4, 1, 1, 4, 4, 4, 8, 2, 2, 8}, 1e-4f));
  LayerTester unflipped = Prior("min_size: 2 aspect_ratio: 4 flip: false");
  ASSERT_OK(unflipped.Forward());
  EXPECT_THAT(Sizes(unflipped), Values({2, 2, 4, 1}, 1e-4f));
}

TEST(PriorBoxLayerTest, StepAndOffset) {
  LayerTester prior = Prior("min_size: 2 step_h: 4 step_w: 8 offset: 0.25");
  ASSERT_OK(prior.Forward());
  EXPECT_THAT(prior.Output("y"),
              Values({0.05f, 0, 0.15f, 0.2f, 0.1f, 0.1f, 0.1f, 0.1f}));
  LayerTester equal = Prior("min_size: 2 step: 4");
  ASSERT_OK(equal.Forward());
  EXPECT_THAT(equal.Output("y"),
              Values({0.05f, 0.1f, 0.15f, 0.3f, 0.1f, 0.1f, 0.1f, 0.1f}));
}

TEST(PriorBoxLayerTest, ImageSizeVariancesClip) {
  LayerTester prior = Prior(
      "min_size: 8 img_h: 4 img_w: 16 clip: true variance: 1 variance: 2 "
      "variance: 3 variance: 4");
  ASSERT_OK(prior.Forward());
  EXPECT_THAT(prior.Output("y"), Values({0.25f, 0, 0.75f, 1, 1, 2, 3, 4}));
  LayerTester square = Prior("min_size: 8 img_size: 4 variance: 0.3");
  ASSERT_OK(square.Forward());
  EXPECT_THAT(square.Output("y"),
              Values({-0.5f, -0.5f, 1.5f, 1.5f, 0.3f, 0.3f, 0.3f, 0.3f}));
}

TEST(PriorBoxLayerTest, BadFields) {
  for (const char* fields :
       {"", "min_size: 0", "min_size: nan", "min_size: 4 max_size: 4",
        "min_size: 4 max_size: 8 max_size: 9", "min_size: 4 aspect_ratio: -2",
        "min_size: 4 variance: 0", "min_size: 4 variance: 1 variance: 2",
        "min_size: 4 img_size: 0", "min_size: 4 img_h: 3",
        "min_size: 4 img_size: 3 img_h: 3 img_w: 3", "min_size: 4 step: 0",
        "min_size: 4 step_h: 3", "min_size: 4 step: 3 step_h: 3 step_w: 3"}) {
    LayerTester prior = Prior(fields);
    EXPECT_THAT(prior.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(PriorBoxLayerTest, BadShapes) {
  LayerTester prior = Prior("min_size: 4");
  prior.Input("x", {1, 1, 0, 1});
  EXPECT_THAT(prior.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester flat = Prior("min_size: 4");
  flat.Input("image", {3, 10});
  EXPECT_THAT(flat.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

TEST(PriorBoxClusteredLayerTest, ExplicitSizes) {
  LayerTester prior =
      Prior("width: 4.5 height: 2 width: 1 height: 3.5", "PriorBoxClustered");
  ASSERT_OK(prior.Forward());
  EXPECT_THAT(Sizes(prior), Values({4.5f, 2, 1, 3.5f}, 1e-4f));
}

TEST(PriorBoxClusteredLayerTest, BadFields) {
  for (const char* fields : {"min_size: 4", "width: 4", "width: 4 height: 0",
                             "width: -4 height: 1"}) {
    LayerTester prior = Prior(fields, "PriorBoxClustered");
    EXPECT_THAT(prior.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

}  // namespace
}  // namespace quantd::testing
