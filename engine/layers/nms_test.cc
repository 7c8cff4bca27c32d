#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// Boxes 0 and 1 overlap by 0.6, box 2 is apart from them and the best.
const std::vector<float> kBoxes = {
    0,    0,    20,    // x1
    0,    0,    20,    // y1
    10,   10,   25,    // x2
    10,   6,    30,    // y2
    0.5f, 0.7f, 0.9f,  // Score.
    1,    2,    3,     // Class.
};

LayerTester NmsWith(const std::vector<float>& thresholds) {
  LayerTester nms("type: 'Nms' bottom: 'x' bottom: 't' top: 'y'");
  nms.Input("x", {1, 1, 6, 3}, kBoxes).Input("t", {4}, thresholds);
  return nms;
}

// The scores of the kept boxes.
std::vector<float> Scores(const LayerTester& nms) {
  const std::vector<float> y = nms.Output("y");
  return {y.begin() + 12, y.begin() + 15};
}

TEST(NmsLayerTest, KeptBoxesComeFirst) {
  LayerTester nms = NmsWith({0.5, 0, 0, 0});
  ASSERT_OK(nms.Forward());
  EXPECT_EQ(nms.OutputShape("y"), Shape({1, 1, 6, 3}));
  EXPECT_THAT(nms.Output("y"), Values({20, 0, 0, 20, 0, 0, 25, 10, 0,  //
                                       30, 6, 0, 0.9f, 0.7f, 0, 3, 2, 0}));
}

TEST(NmsLayerTest, Thresholds) {
  for (const auto& [thresholds, scores] :
       std::vector<std::pair<std::vector<float>, std::vector<float>>>{
           {{0.65f, 0, 0, 0}, {0.9f, 0.7f, 0.5f}},
           {{0.5, 0.7f, 0, 0}, {0.9f, 0, 0}},
           {{0.5, 0, 7, 0}, {0.9f, 0.5f, 0}},
           {{0.5, 0, 0, 6}, {0.7f, 0, 0}},
           {{0.5, 1, 0, 0}, {0, 0, 0}}}) {
    LayerTester nms = NmsWith(thresholds);
    ASSERT_OK(nms.Forward());
    EXPECT_THAT(Scores(nms), Values(scores)) << thresholds[0];
  }
}

TEST(NmsLayerTest, ThresholdsOfTheFields) {
  for (const auto& [fields, scores] :
       std::vector<std::pair<std::string, std::vector<float>>>{
           {"", {0.9f, 0.7f, 0}},
           {"nms_threshold: 0.65", {0.9f, 0.7f, 0.5f}},
           {"confidence_threshold: 0.8", {0.9f, 0, 0}}}) {
    LayerTester nms(absl::StrCat(
        "type: 'Nms' bottom: 'x' top: 'y' detection_output_param { ", fields,
        " }"));
    nms.Input("x", {1, 1, 6, 3}, kBoxes);
    ASSERT_OK(nms.Forward());
    EXPECT_THAT(Scores(nms), Values(scores)) << fields;
  }
}

TEST(NmsLayerTest, TablesAreApart) {
  std::vector<float> x;
  for (int table = 0; table < 4; ++table) {
    const std::vector<float> column = {0, 0, 1,
                                       1, 1, static_cast<float>(table)};
    x.insert(x.end(), column.begin(), column.end());
  }
  LayerTester nms("type: 'Nms' bottom: 'x' top: 'y'");
  nms.Input("x", {2, 2, 6, 1}, x);
  ASSERT_OK(nms.Forward());
  EXPECT_THAT(nms.Output("y"), Values(x));
}

TEST(NmsLayerTest, RefusesWrongShapesAndThresholds) {
  for (const Shape& shape : {Shape({6, 3}), Shape({1, 1, 5, 3})}) {
    LayerTester nms("type: 'Nms' bottom: 'x' top: 'y'");
    nms.Input("x", shape);
    EXPECT_THAT(nms.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
  LayerTester three("type: 'Nms' bottom: 'x' bottom: 't' top: 'y'");
  three.Input("x", {1, 1, 6, 3}).Input("t", {3});
  EXPECT_THAT(three.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  LayerTester nan = NmsWith({NAN, 0, 0, 0});
  EXPECT_THAT(nan.Forward(), HasReason("LAYER_INPUT_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
