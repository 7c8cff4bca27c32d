#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

LayerTester V2(const std::string& fields, const std::string& more = "") {
  return LayerTester(absl::StrCat(
      "type: 'YoloDetectionOutput' bottom: 'x' ", more,
      " top: 'y' yolo_detection_output_param { num_classes: 2 num_box: 1 "
      "biases: 1 biases: 2 ",
      fields, " }"));
}

// A map of one row of two cells: x, y, w, h, objectness, two classes.
const std::vector<float> kTwoCells = {0, 0, 0, 0, 0, 0, 0, 0, 3, 5, 1, 4, 0, 1};

TEST(YoloDetectionOutputLayerTest, DescendingRows) {
  LayerTester yolo = V2("confidence_threshold: 0.6");
  yolo.Input("x", {1, 7, 1, 2}, kTwoCells);
  ASSERT_OK(yolo.Forward());
  EXPECT_EQ(yolo.OutputShape("y"), Shape({1, 1, 2, 7}));
  // Anchors of 1 x 2 cells; centres in the middle of the cells.
  const float first = Sigmoid(5) * Sigmoid(3), second = Sigmoid(3) * Sigmoid(1);
  EXPECT_THAT(yolo.Output("y"), Values({0, 1, first, 0.5f, -0.5f, 1, 1.5f,  //
                                        0, 1, second, 0, -0.5f, 0.5f, 1.5f}));
}

TEST(YoloDetectionOutputLayerTest, SuppressionIsOverAllClasses) {
  LayerTester yolo = V2("nms_threshold: 0.3", "bottom: 'z'");
  yolo.Input("x", {1, 7, 1, 1}, {0, 0, 0, 0, 3, 1, 0});
  yolo.Input("z", {1, 7, 1, 1}, {0, 0, 0, 0, 4, 0, 1});
  ASSERT_OK(yolo.Forward());
  const float score = Sigmoid(4) * Sigmoid(1);
  EXPECT_THAT(yolo.Output("y"), Values({0, 2, score, 0, -0.5f, 1, 1.5f}));
}

TEST(YoloDetectionOutputLayerTest, NothingFound) {
  LayerTester yolo = V2("confidence_threshold: 2");
  yolo.Input("x", {2, 7, 1, 1});
  ASSERT_OK(yolo.Forward());
  EXPECT_THAT(yolo.Output("y"), Values({0, -1, -1, -1, -1, -1, -1,  //
                                        1, -1, -1, -1, -1, -1, -1}));
}

TEST(YoloDetectionOutputLayerTest, BadInput) {
  for (const char* fields :
       {"num_classes: 0 num_box: 1 biases: 1 biases: 2",
        "num_classes: 2 num_box: 0", "num_classes: 2 num_box: 2 biases: 1",
        "num_classes: 2 num_box: 1 biases: 1 biases: 2 coords: 5"}) {
    LayerTester yolo(
        absl::StrCat("type: 'YoloDetectionOutput' bottom: 'x' "
                     "top: 'y' yolo_detection_output_param { ",
                     fields, " }"));
    yolo.Input("x", {1, 7, 1, 1});
    EXPECT_THAT(yolo.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << fields;
  }
  for (const Shape& x : {Shape({1, 8, 1, 1}), Shape({1, 7, 0, 1})}) {
    LayerTester yolo = V2("");
    yolo.Input("x", x);
    EXPECT_THAT(yolo.Forward(), HasReason("LAYER_SHAPE_INVALID"));
  }
}

LayerTester V3(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'Yolov3DetectionOutput' bottom: 'x' bottom: 'z' "
                   "top: 'y' yolov3_detection_output_param { ",
                   fields, " }"));
}

const char kTwoMaps[] =
    "num_classes: 2 num_box: 1 biases: 8 biases: 8 biases: 16 biases: 32 "
    "mask: 1 mask: 0 anchors_scale: 32 anchors_scale: 16 ";

TEST(Yolov3DetectionOutputLayerTest, MasksAndScales) {
  LayerTester yolo = V3(absl::StrCat(kTwoMaps, "confidence_threshold: 0.4"));
  yolo.Input("x", {1, 7, 1, 1}, {0, 0, 0, 0, 3, 1, -9});
  yolo.Input("z", {1, 7, 1, 2}, {0, 0, 0, 0, 0, 0, 0, 0, -9, 4, 0, 0, 0, 2});
  ASSERT_OK(yolo.Forward());
  EXPECT_EQ(yolo.OutputShape("y"), Shape({1, 1, 2, 7}));
  // The second map's second cell: 8 x 8 pixels of 32 x 16, centre (0.75, 0.5);
  // its other class has the same box. The first map: 16 x 32 of 32 x 32.
  EXPECT_THAT(
      yolo.Output("y"),
      Values({0, 2, Sigmoid(4) * Sigmoid(2), 0.625f, 0.25f, 0.875f, 0.75f,  //
              0, 1, Sigmoid(3) * Sigmoid(1), 0.25f, 0, 0.75f, 1}));
}

TEST(Yolov3DetectionOutputLayerTest, RefusesGaussianBoxes) {
  LayerTester yolo(
      "type: 'Yolov3DetectionOutput' bottom: 'x' top: 'y' "
      "yolov3_detection_output_param { num_classes: 1 num_box: 1 biases: 4 "
      "biases: 8 mask: 0 mask_group_num: 1 anchors_scale: 8 "
      "gaussian_box: true confidence_threshold: 0.1 }");
  yolo.Input("x", {1, 10, 1, 1});
  EXPECT_THAT(yolo.Forward(), HasReason("NETWORK_UNSUPPORTED"));
}

TEST(Yolov3DetectionOutputLayerTest, BadFields) {
  const std::string good =
      "num_classes: 1 num_box: 1 biases: 4 biases: 8 mask: 0 mask: 0 ";
  for (const std::string& fields : std::vector<std::string>{
           good, absl::StrCat(good, "anchors_scale: 8"),
           absl::StrCat(good, "anchors_scale: 8 anchors_scale: 0"),
           absl::StrCat(good,
                        "anchors_scale: 8 anchors_scale: 8 "
                        "mask_group_num: 3"),
           absl::StrCat(good, "anchors_scale: 8 anchors_scale: 8 mask: 1"),
           "num_classes: 1 num_box: 1 biases: 4 biases: 8 mask: 0 "
           "anchors_scale: 8 anchors_scale: 8",
           "num_classes: 0 num_box: 1", "num_classes: 1 num_box: 0"}) {
    LayerTester yolo = V3(fields);
    yolo.Input("x", {1, 6, 1, 1}).Input("z", {1, 6, 1, 1});
    EXPECT_THAT(yolo.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << fields;
  }
}

}  // namespace
}  // namespace quantd::testing
