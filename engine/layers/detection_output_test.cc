#include <cmath>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

// Two far apart priors, 0.2 x 0.2, with variances 0.5; a third like the first.
const std::vector<float> kPriors = {
    0.1f, 0.1f, 0.3f, 0.3f, 0.6f, 0.6f, 0.8f, 0.8f, 0.1f, 0.1f, 0.3f, 0.3f,
    0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f};

LayerTester Detect(const std::string& fields) {
  LayerTester tester(absl::StrCat(
      "type: 'DetectionOutput' bottom: 'loc' bottom: 'conf' bottom: 'prior' "
      "top: 'y' detection_output_param { ",
      absl::StrContains(fields, "num_classes") ? "" : "num_classes: 3 ", fields,
      " }"));
  tester.Input("prior", {1, 2, 12}, kPriors);
  tester.Input("loc", {1, 12});
  // Per prior: background, class 1, class 2.
  tester.Input("conf", {1, 9}, {0, 0.9f, 0.2f, 0, 0.3f, 0.4f, 0, 0.8f, 0.1f});
  return tester;
}

const char kSsd[] = "nms_param { nms_threshold: 0.5 } ";

TEST(DetectionOutputLayerTest, RowsByClassThenScore) {
  LayerTester detect = Detect(absl::StrCat(kSsd, "confidence_threshold: 0.2"));
  ASSERT_OK(detect.Forward());
  EXPECT_EQ(detect.OutputShape("y"), Shape({1, 1, 3, 7}));
  // The third prior is the first's double; 0.2 is not above the threshold.
  EXPECT_THAT(detect.Output("y"),
              Values({0, 1, 0.9f, 0.1f, 0.1f, 0.3f, 0.3f,  //
                      0, 1, 0.3f, 0.6f, 0.6f, 0.8f, 0.8f,  //
                      0, 2, 0.4f, 0.6f, 0.6f, 0.8f, 0.8f}));
}

TEST(DetectionOutputLayerTest, KeepTopKOfAllClasses) {
  LayerTester detect = Detect(absl::StrCat(kSsd, "keep_top_k: 2"));
  ASSERT_OK(detect.Forward());
  EXPECT_THAT(detect.Output("y"), Values({0, 1, 0.9f, 0.1f, 0.1f, 0.3f, 0.3f, 0,
                                          2, 0.4f, 0.6f, 0.6f, 0.8f, 0.8f}));
}

TEST(DetectionOutputLayerTest, TopKPerClassBeforeSuppression) {
  LayerTester detect = Detect("nms_param { nms_threshold: 0.5 top_k: 2 }");
  ASSERT_OK(detect.Forward());
  // Class 1: priors 0 and 2, one place. Class 2: priors 1 and 0.
  EXPECT_EQ(detect.OutputShape("y"), Shape({1, 1, 3, 7}));
}

TEST(DetectionOutputLayerTest, BackgroundIsLeftOut) {
  LayerTester detect = Detect(
      absl::StrCat(kSsd, "background_label_id: 1 confidence_threshold: 0.3"));
  ASSERT_OK(detect.Forward());
  EXPECT_THAT(detect.Output("y"), Values({0, 2, 0.4f, 0.6f, 0.6f, 0.8f, 0.8f}));
  LayerTester all =
      Detect(absl::StrCat(kSsd, "background_label_id: -1 keep_top_k: 9"));
  ASSERT_OK(all.Forward());
  EXPECT_EQ(all.OutputShape("y"), Shape({1, 1, 6, 7}));
}

TEST(DetectionOutputLayerTest, NothingFoundIsARowPerImage) {
  LayerTester detect = Detect(absl::StrCat(kSsd, "confidence_threshold: 2"));
  detect.Input("loc", {2, 12}).Input("conf", {2, 9});
  ASSERT_OK(detect.Forward());
  EXPECT_EQ(detect.OutputShape("y"), Shape({1, 1, 2, 7}));
  EXPECT_THAT(detect.Output("y"), Values({0, -1, -1, -1, -1, -1, -1,  //
                                          1, -1, -1, -1, -1, -1, -1}));
  // The next run may find some.
  detect.Input("conf", {2, 9},
               {0, 0, 0, 0, 0, 0, 0, 0, 0,  //
                0, 0, 3, 0, 0, 0, 0, 0, 0});
  ASSERT_OK(detect.Forward());
  EXPECT_THAT(detect.Output("y"), Values({1, 2, 3, 0.1f, 0.1f, 0.3f, 0.3f}));
}

TEST(DetectionOutputLayerTest, NanScoresAreNoDetections) {
  LayerTester detect = Detect(absl::StrCat(kSsd, "confidence_threshold: 0.3"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  detect.Input("conf", {1, 9}, {nan, nan, nan, nan, nan, nan, nan, nan, 0.5f});
  ASSERT_OK(detect.Forward());
  EXPECT_THAT(detect.Output("y"), Values({0, 2, 0.5f, 0.1f, 0.1f, 0.3f, 0.3f}));
}

// Only the first prior's class 1 is found; its offsets are 1, 2, 1, 2.
LayerTester DetectOne(const std::string& fields) {
  LayerTester detect =
      Detect(absl::StrCat(fields, " confidence_threshold: 0.8"));
  detect.Input("loc", {1, 12}, {1, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0});
  return detect;
}

std::vector<float> CenterSize(float scale) {
  const float x = 0.2f + scale * 0.2f, y = 0.2f + scale * 2 * 0.2f;
  const float w = 0.2f * std::exp(scale), h = 0.2f * std::exp(2 * scale);
  return {0, 1, 0.9f, x - w / 2, y - h / 2, x + w / 2, y + h / 2};
}

TEST(DetectionOutputLayerTest, Codes) {
  LayerTester corner = DetectOne(absl::StrCat(kSsd, "code_type: CORNER"));
  ASSERT_OK(corner.Forward());
  EXPECT_THAT(corner.Output("y"), Values({0, 1, 0.9f, 0.6f, 1.1f, 0.8f, 1.3f}));
  LayerTester size = DetectOne(absl::StrCat(kSsd, "code_type: CORNER_SIZE"));
  ASSERT_OK(size.Forward());
  EXPECT_THAT(size.Output("y"), Values({0, 1, 0.9f, 0.2f, 0.3f, 0.4f, 0.5f}));
  LayerTester center = DetectOne(absl::StrCat(kSsd, "code_type: CENTER_SIZE"));
  ASSERT_OK(center.Forward());
  EXPECT_THAT(center.Output("y"), Values(CenterSize(0.5f)));
  LayerTester encoded =
      DetectOne(absl::StrCat(kSsd, "variance_encoded_in_target: true"));
  ASSERT_OK(encoded.Forward());
  EXPECT_THAT(encoded.Output("y"),
              Values({0, 1, 0.9f, 1.1f, 2.1f, 1.3f, 2.3f}));
}

TEST(DetectionOutputLayerTest, DefaultsOfAtcWithoutNmsParam) {
  LayerTester detect = DetectOne("nms_threshold: 0.5");
  ASSERT_OK(detect.Forward());
  EXPECT_THAT(detect.Output("y"), Values(CenterSize(1)));
}

TEST(DetectionOutputLayerTest, LocationsPerClass) {
  LayerTester detect = Detect(
      absl::StrCat(kSsd, "share_location: false confidence_threshold: 0.35"));
  std::vector<float> loc(36, 0.0f);
  loc[(1 * 3 + 2) * 4] = 0.1f;  // x1 of prior 1, class 2.
  detect.Input("loc", {1, 36}, loc);
  ASSERT_OK(detect.Forward());
  EXPECT_THAT(detect.Output("y"),
              Values({0, 1, 0.9f, 0.1f, 0.1f, 0.3f, 0.3f,  //
                      0, 2, 0.4f, 0.65f, 0.6f, 0.8f, 0.8f}));
}

TEST(DetectionOutputLayerTest, BadFields) {
  for (const char* fields :
       {"num_classes: 0", "num_classes: 4000000000",
        "nms_param { nms_threshold: -1 }", "nms_param { nms_threshold: nan }",
        "nms_param { eta: 0 }", "nms_param { eta: 1.5 }"}) {
    LayerTester detect = Detect(fields);
    EXPECT_THAT(detect.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(DetectionOutputLayerTest, BadShapes) {
  for (const auto& [name, shape] :
       std::vector<std::pair<std::string, Shape>>{{"loc", {1, 8}},
                                                  {"conf", {1, 6}},
                                                  {"conf", {2, 9}},
                                                  {"prior", {1, 1, 12}},
                                                  {"prior", {1, 2, 10}},
                                                  {"prior", {2, 12}}}) {
    LayerTester detect = Detect(kSsd);
    detect.Input(name, shape);
    EXPECT_THAT(detect.Forward(), HasReason("LAYER_SHAPE_INVALID"))
        << name << shape.ToString();
  }
}

TEST(DetectionOutputLayerTest, OtherFormsAreUnsupported) {
  LayerTester region = Detect("biases: 1.1");
  EXPECT_THAT(region.Forward(), StatusIs(StatusCode::kUnimplemented, "biases"));
  LayerTester sort(
      "type: 'DetectionOutput' bottom: 'x' top: 'y' "
      "detection_output_param { top_k: 5 }");
  sort.Input("x", {1, 1, 6, 9});
  EXPECT_THAT(sort.Forward(), StatusIs(StatusCode::kUnimplemented, "DecBBox"));
}

LayerTester DetectCann(const std::string& fields) {
  LayerTester tester(absl::StrCat(
      "type: 'SSDDetectionOutput' bottom: 'loc' bottom: 'conf' bottom: 'prior' "
      "top: 'y' ssddetectionoutput_param { ",
      fields, " }"));
  tester.Input("prior", {1, 2, 12}, kPriors);
  tester.Input("loc", {1, 12}, {1, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0});
  tester.Input("conf", {1, 6}, {1, 0.9f, 1, 0.7f, 1, 0.5f});
  return tester;
}

TEST(SsdDetectionOutputLayerTest, ItsOwnFields) {
  LayerTester detect = DetectCann(
      "code_type: 2 top_k: 2 keep_top_k: 1 confidence_threshold: 0.1 "
      "iou_threshold: 0.5 variance_encoded_in_target: true");
  ASSERT_OK(detect.Forward());
  EXPECT_THAT(detect.Output("y"), Values(CenterSize(1)));
  for (const char* fields :
       {"code_type: 4", "iou_threshold: -1", "eta: 2", "num_classes: -1"}) {
    LayerTester bad = DetectCann(fields);
    EXPECT_THAT(bad.Forward(), HasReason("LAYER_PARAMETER_INVALID")) << fields;
  }
}

}  // namespace
}  // namespace quantd::testing
