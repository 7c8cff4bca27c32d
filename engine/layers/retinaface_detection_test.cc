#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// One cell a map; no faces.
LayerTester Faces(const std::string& fields) {
  std::string bottoms;
  for (int i = 0; i < 9; ++i) absl::StrAppend(&bottoms, "bottom: 'b", i, "' ");
  LayerTester tester(
      absl::StrCat("type: 'RetinaFaceDetection' ", bottoms,
                   "top: 'y' retinaface_detection_param { nms_threshold: 0.5 "
                   "confidence_threshold: 0.5 ",
                   fields, " }"));
  for (int i = 0; i < 9; i += 3) {
    tester.Input(absl::StrCat("b", i), {1, 4, 1, 1});
    tester.Input(absl::StrCat("b", i + 1), {1, 8, 1, 1});
    tester.Input(absl::StrCat("b", i + 2), {1, 20, 1, 1});
  }
  return tester;
}

TEST(RetinaFaceDetectionLayerTest, BoxAndLandmarks) {
  LayerTester faces = Faces("keep_topk: 1");
  // The second cell of stride 8, its second anchor: 18 pixels around (16.5,
  // 8.5).
  faces.Input("b0", {1, 4, 1, 2}, {9, 9, 9, 9, 0, 0, 0, 0.5f});
  faces.Input("b1", {1, 8, 1, 2});
  std::vector<float> landmarks(40, 0.0f);
  landmarks[(10 + 1) * 2 + 1] = 0.5f;  // y of the first.
  faces.Input("b2", {1, 20, 1, 2}, landmarks);
  ASSERT_OK(faces.Forward());
  EXPECT_EQ(faces.OutputShape("y"), Shape({1, 1, 1, 15}));
  EXPECT_THAT(faces.Output("y"),
              Values({8, 0, 25, 17, 0.5f, 16.5f, 17.5f, 16.5f, 8.5f, 16.5f,
                      8.5f, 16.5f, 8.5f, 16.5f, 8.5f}));
}

TEST(RetinaFaceDetectionLayerTest, DescendingScoresThenZeros) {
  LayerTester faces = Faces("keep_topk: 3");
  faces.Input("b0", {1, 4, 1, 1}, {0, 0, 0, 0.6f});
  faces.Input("b6", {1, 4, 1, 1}, {0, 0, 0.9f, 0.4f});
  ASSERT_OK(faces.Forward());
  const std::vector<float> y = faces.Output("y");
  EXPECT_FLOAT_EQ(y[4], 0.9f);
  // 17 * 32 + 1 pixels.
  EXPECT_FLOAT_EQ(y[2] - y[0], 544);
  EXPECT_FLOAT_EQ(y[15 + 4], 0.6f);
  for (int i = 30; i < 45; ++i) EXPECT_EQ(y[i], 0);
}

TEST(RetinaFaceDetectionLayerTest, AFollowerOfLikeSizeGoes) {
  LayerTester faces = Faces("keep_topk: 2");
  faces.Input("b0", {1, 4, 1, 2}, {0, 0, 0, 0, 0, 0, 0.6f, 0.9f});
  faces.Input("b1", {1, 8, 1, 2}).Input("b2", {1, 20, 1, 2});
  ASSERT_OK(faces.Forward());
  EXPECT_FLOAT_EQ(faces.Output("y")[4], 0.9f);
  EXPECT_FLOAT_EQ(faces.Output("y")[19], 0);
}

TEST(RetinaFaceDetectionLayerTest, BadInput) {
  EXPECT_THAT(Faces("").Forward(), HasReason("LAYER_PARAMETER_INVALID"));
  for (const auto& [name, shape] : std::vector<std::pair<std::string, Shape>>{
           {"b0", {1, 2, 1, 1}}, {"b4", {1, 8, 1, 2}}, {"b8", {2, 20, 1, 1}}}) {
    LayerTester faces = Faces("keep_topk: 1");
    faces.Input(name, shape);
    EXPECT_THAT(faces.Forward(), HasReason("LAYER_SHAPE_INVALID")) << name;
  }
}

}  // namespace
}  // namespace quantd::testing
