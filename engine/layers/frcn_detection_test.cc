#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

LayerTester Frcn(const std::string& fields) {
  LayerTester tester(absl::StrCat(
      "type: 'FrcnDetection' bottom: 'delta' bottom: 'score' bottom: 'rois' "
      "top: 'y' frcn_detection_param { nms_threshold: 0.5 obj_threshold: 0.3 ",
      fields, " }"));
  tester.Input("delta", {3, 12});
  tester.Input("score", {3, 3},
               {0.9f, 0.4f, 0.5f,  //
                0.9f, 0.6f, 0.3f,  //
                0.9f, 0.1f, 0.7f});
  // The first two are nearly the same.
  tester.Input("rois", {1, 1, 3, 5},
               {0, 0, 0, 9, 9,  //
                0, 0, 0, 9, 9,  //
                0, 50, 50, 59, 69});
  return tester;
}

TEST(FrcnDetectionLayerTest, RowsByRegionAndClass) {
  LayerTester frcn = Frcn("class_num: 3 keep_topk: 4");
  ASSERT_OK(frcn.Forward());
  EXPECT_EQ(frcn.OutputShape("y"), Shape({1, 1, 4, 6}));
  // The lower score of class 1 goes; 0.3 is not above the threshold.
  EXPECT_THAT(frcn.Output("y"), Values({0,  0,  10, 10, 2, 0.5f,  //
                                        0,  0,  10, 10, 1, 0.6f,  //
                                        50, 50, 60, 70, 2, 0.7f,  //
                                        0,  0,  0,  0,  0, 0}));
}

TEST(FrcnDetectionLayerTest, KeepTopKAndDeltasOfTheClass) {
  LayerTester frcn = Frcn("class_num: 3 keep_topk: 1");
  std::vector<float> delta(36, 0.0f);
  delta[8] = 0.5f;  // Region 0, class 2: half a width to the right.
  frcn.Input("delta", {3, 12}, delta);
  ASSERT_OK(frcn.Forward());
  EXPECT_THAT(frcn.Output("y"), Values({5, 0, 15, 10, 2, 0.5f}));
}

TEST(FrcnDetectionLayerTest, BadInput) {
  for (const char* fields :
       {"class_num: 3", "keep_topk: 3", "class_num: 0 keep_topk: 3"}) {
    EXPECT_THAT(Frcn(fields).Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  }
  EXPECT_THAT(Frcn("class_num: 4 keep_topk: 3").Forward(),
              HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
