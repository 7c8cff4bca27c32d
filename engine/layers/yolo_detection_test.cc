#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

LayerTester Yolo(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'YoloDetection' bottom: 'x' top: 'y' "
                   "yolo_detection_param { net_input_h: 16 net_input_w: 32 "
                   "nms_threshold: 0.5 obj_threshold: 0.5 ",
                   fields, " }"));
}

// Three anchors of one cell: x, y, w, h, objectness, two classes.
std::vector<float> Cell(float objectness0, float objectness1,
                        float objectness2) {
  return {0, 0, 0, 0, objectness0, 3, 0,  //
          0, 0, 0, 0, objectness1, 3, 0,  //
          0, 0, 0, 0, objectness2, 0, 3};
}

TEST(YoloDetectionLayerTest, RowsInTheOrderOfAnchors) {
  LayerTester yolo =
      Yolo("class_num: 2 keep_topk: 3 anchors: '8,8, 9,8, 16,4'");
  yolo.Input("x", {1, 21, 1, 1}, Cell(1, 2, 3));
  ASSERT_OK(yolo.Forward());
  EXPECT_EQ(yolo.OutputShape("y"), Shape({1, 1, 3, 6}));
  // Anchors 0 and 1 overlap by 8 / 9 and have one class.
  EXPECT_THAT(yolo.Output("y"),
              Values({0.5f, 0.5f, 9 / 32.f, 0.5f, 0, Sigmoid(2) * Sigmoid(3),
                      0.5f, 0.5f, 0.5f, 0.25f, 1, Sigmoid(3) * Sigmoid(3),  //
                      0, 0, 0, 0, 0, 0}));
}

TEST(YoloDetectionLayerTest, KeepTopKAndDefaultAnchors) {
  for (const auto& [fields, w, h] :
       std::vector<std::tuple<std::string, float, float>>{
           {"", 10, 13}, {"tiny: true", 10, 14}}) {
    LayerTester yolo = Yolo(absl::StrCat("class_num: 2 keep_topk: 1 ", fields));
    yolo.Input("x", {2, 21, 1, 1}, [] {
      std::vector<float> x = Cell(-9, -9, -9), y = Cell(4, 4, 4);
      x.insert(x.end(), y.begin(), y.end());
      return x;
    }());
    ASSERT_OK(yolo.Forward());
    EXPECT_THAT(yolo.Output("y"), Values({0, 0, 0, 0, 0, 0, 0.5f, 0.5f, w / 32,
                                          h / 16, 0, Sigmoid(4) * Sigmoid(3)}));
  }
}

TEST(YoloDetectionLayerTest, BadInput) {
  for (const char* fields :
       {"keep_topk: 1 class_num: 0", "keep_topk: 0 class_num: 2",
        "keep_topk: 1 class_num: 2 anchors: '1,2,3'",
        "keep_topk: 1 class_num: 2 anchors: '1,2,3,4,5,x'",
        "keep_topk: 1 class_num: 2 anchors: '1,2,3,4,5,-6'"}) {
    LayerTester yolo = Yolo(fields);
    yolo.Input("x", {1, 21, 1, 1});
    EXPECT_THAT(yolo.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << fields;
  }
  LayerTester spp = Yolo("keep_topk: 1 class_num: 2 spp_net: true");
  spp.Input("x", {1, 21, 1, 1});
  EXPECT_THAT(spp.Forward(), HasReason("NETWORK_UNSUPPORTED"));
  LayerTester shape = Yolo("keep_topk: 1 class_num: 2");
  shape.Input("x", {1, 20, 1, 1});
  EXPECT_THAT(shape.Forward(), HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
