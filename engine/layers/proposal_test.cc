#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

// One anchor of 16 x 16 pixels around (7.5, 7.5), on a map of 1 x 3 cells that
// are 16 apart.
LayerTester Propose(const std::string& fields,
                    const std::vector<float>& im_info,
                    const std::string& tops = "top: 'rois' ") {
  LayerTester tester(absl::StrCat(
      "type: 'Proposal' bottom: 'score' bottom: 'delta' bottom: 'info' ", tops,
      "proposal_param { ratio: 1 scale: 1 ", fields, " }"));
  tester.Input("score", {1, 2, 1, 3}, {9, 9, 9, 0.2f, 0.9f, 0.5f});
  tester.Input("delta", {1, 4, 1, 3});
  const int64_t size = static_cast<int64_t>(im_info.size());
  tester.Input("info", {1, size}, im_info);
  return tester;
}

// A box of delta 0 covers 16 pixels: [x, x + 16].
const std::vector<float> kThreeValues = {100, 100, 1};

TEST(ProposalLayerTest, DescendingScores) {
  LayerTester propose = Propose("", kThreeValues, "top: 'rois' top: 'scores' ");
  ASSERT_OK(propose.Forward());
  EXPECT_EQ(propose.OutputShape("rois"), Shape({3, 5}));
  EXPECT_EQ(propose.OutputShape("scores"), Shape({3, 1}));
  EXPECT_THAT(propose.Output("rois"),
              Values({0, 16, 0, 32, 16, 0, 32, 0, 48, 16, 0, 0, 0, 16, 16}));
  EXPECT_THAT(propose.Output("scores"), Values({0.9f, 0.5f, 0.2f}));
}

TEST(ProposalLayerTest, DeltasMoveAndScale) {
  LayerTester propose = Propose("post_nms_topn: 1 min_size: 0", kThreeValues);
  // The second cell: by half a width, twice as wide.
  const float log2 = std::log(2.f);
  propose.Input("delta", {1, 4, 1, 3},
                {0, 0.5f, 0, 0, 0.25f, 0, 0, log2, 0, 0, -log2, 0});
  ASSERT_OK(propose.Forward());
  // Centre (24, 8), moved to (32, 12); 32 x 8.
  EXPECT_THAT(propose.Output("rois"), Values({0, 16, 8, 48, 16}, 1e-4f));
}

TEST(ProposalLayerTest, ClipsAndDropsSmallBoxes) {
  // Clipped to [0, 39] x [0, 9]: widths 17, 17 and 8.
  LayerTester propose = Propose("min_size: 5", {10, 40, 2});
  ASSERT_OK(propose.Forward());
  EXPECT_THAT(propose.Output("rois"),
              Values({0, 16, 0, 32, 9, 0, 0, 0, 16, 9}));
}

TEST(ProposalLayerTest, NothingLeftIsOneRowOfZeros) {
  LayerTester propose = Propose("min_size: 30", kThreeValues);
  ASSERT_OK(propose.Forward());
  EXPECT_EQ(propose.OutputShape("rois"), Shape({1, 5}));
  EXPECT_THAT(propose.Output("rois"), Values({0, 0, 0, 0, 0}));
}

TEST(ProposalLayerTest, LimitsBeforeAndAfterSuppression) {
  LayerTester before = Propose("pre_nms_topn: 2", kThreeValues);
  ASSERT_OK(before.Forward());
  EXPECT_EQ(before.OutputShape("rois"), Shape({2, 5}));
  LayerTester after = Propose("post_nms_topn: 1", kThreeValues);
  ASSERT_OK(after.Forward());
  EXPECT_THAT(after.Output("rois"), Values({0, 16, 0, 32, 16}));
}

TEST(ProposalLayerTest, SuppressesOverlaps) {
  // Cells 4 apart: 17 x 17 boxes, 13 / 21 of neighbours in common.
  LayerTester propose =
      Propose("feat_stride: 4 iou_threshold: 0.6", kThreeValues);
  ASSERT_OK(propose.Forward());
  EXPECT_THAT(propose.Output("rois"), Values({0, 4, 0, 20, 16}));
  LayerTester loose =
      Propose("feat_stride: 4 iou_threshold: 0.62", kThreeValues);
  ASSERT_OK(loose.Forward());
  EXPECT_EQ(loose.OutputShape("rois"), Shape({3, 5}));
}

TEST(ProposalLayerTest, FourValuesPadWithZeros) {
  LayerTester propose = Propose("post_nms_topn: 4", {100, 100, 1, 1},
                                "top: 'rois' top: 'scores' ");
  propose.Input("score", {1, 2, 1, 3}, {9, 9, 9, 0, 0.9f, 0.5f});
  ASSERT_OK(propose.Forward());
  EXPECT_EQ(propose.OutputShape("scores"), Shape({4}));
  // Score 0 is no proposal.
  EXPECT_THAT(propose.Output("rois"),
              Values({0, 16, 0, 32, 16, 0, 32, 0, 48, 16, 0, 0, 0, 0, 0,  //
                      0, 0,  0, 0,  0}));
  EXPECT_THAT(propose.Output("scores"), Values({0.9f, 0.5f, 0, 0}));
}

TEST(ProposalLayerTest, FourValuesScaleEachSide) {
  // Boxes are 17 x 17.
  LayerTester wide = Propose("post_nms_topn: 1 min_size: 1", {100, 100, 18, 1});
  ASSERT_OK(wide.Forward());
  EXPECT_THAT(wide.Output("rois"), Values({0, 0, 0, 0, 0}));
  LayerTester high = Propose("post_nms_topn: 1 min_size: 1", {100, 100, 1, 17});
  ASSERT_OK(high.Forward());
  EXPECT_THAT(high.Output("rois"), Values({0, 16, 0, 32, 16}));
}

TEST(ProposalLayerTest, ImagesOfABatch) {
  LayerTester propose = Propose("post_nms_topn: 1 output_actual_rois_num: true",
                                kThreeValues, "top: 'rois' top: 'counts' ");
  propose.Input("score", {2, 2, 1, 3},
                {9, 9, 9, 0.2f, 0.9f, 0.5f, 9, 9, 9, 3, 2, 1});
  propose.Input("delta", {2, 4, 1, 3});
  // The second image is but 8 pixels wide.
  propose.Input("info", {2, 3}, {100, 100, 1, 100, 8, 0.5f});
  ASSERT_OK(propose.Forward());
  EXPECT_THAT(propose.Output("rois"), Values({0, 16, 0, 32, 16,  //
                                              1, 0, 0, 7, 16}));
  EXPECT_THAT(propose.Output("counts"), Values({1, 1}));
}

TEST(ProposalLayerTest, DefaultAnchors) {
  LayerTester propose(
      "type: 'Proposal' bottom: 'score' bottom: 'delta' bottom: 'info' "
      "top: 'rois' proposal_param { iou_threshold: 1 }");
  propose.Input("score", {1, 18, 1, 1},
                {0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1});
  propose.Input("delta", {1, 36, 1, 1});
  propose.Input("info", {3}, {1000, 1000, 1});
  ASSERT_OK(propose.Forward());
  EXPECT_EQ(propose.OutputShape("rois"), Shape({9, 5}));
  // Ratio 0.5, scale 8: 184 x 96 pixels around 7.5, so up to 7.5 + 92.5.
  const std::vector<float> rois = propose.Output("rois");
  EXPECT_THAT(std::vector<float>(rois.begin(), rois.begin() + 5),
              Values({0, 0, 0, 100, 56}));
}

TEST(ProposalLayerTest, FixedAnchorsOfForks) {
  LayerTester propose(
      "type: 'Proposal' bottom: 'score' bottom: 'delta' bottom: 'info' "
      "top: 'rois' proposal_param { anchor_base_size: 2 anchor_scale: 1 "
      "anchor_ratio: 1 max_rois: 1 rpn_min_size: 0 rpn_nms_thresh: 0.5 }");
  propose.Input("score", {1, 2, 1, 1}, {0, 1});
  propose.Input("delta", {1, 4, 1, 1});
  propose.Input("info", {1, 3}, {1000, 1000, 1});
  ASSERT_OK(propose.Forward());
  // 64 pixels around 0.5: centre 1 by the last pixel's rule.
  EXPECT_THAT(propose.Output("rois"), Values({0, 0, 0, 33, 33}));
}

TEST(ProposalLayerTest, WithoutImageInfo) {
  LayerTester propose(
      "type: 'Proposal' bottom: 'score' bottom: 'delta' top: 'rois' "
      "proposal_param { rpn_obj_threshold: 0.5 rpn_nms_threshold: 0.9 "
      "rpn_nms_post_top_n: 3 net_input_h: 50 net_input_w: 60 }");
  std::vector<float> score(2 * 18, 0.0f);
  score[9] = 0.5f;        // Image 0, anchor 0.
  score[18 + 9] = 0.1f;   // Below the threshold.
  score[18 + 17] = 0.9f;  // Image 1, anchor 8: ratio 2, scale 32.
  score[18 + 16] = 0.8f;  // Clipped to the same box: the lower goes.
  propose.Input("score", {2, 18, 1, 1}, score);
  propose.Input("delta", {2, 36, 1, 1});
  ASSERT_OK(propose.Forward());
  EXPECT_EQ(propose.OutputShape("rois"), Shape({2, 1, 3, 5}));
  // Anchor 0: 184 x 96 around 7.5.
  EXPECT_THAT(propose.Output("rois"), Values({0, 0, 0, 59, 49,  //
                                              0, 0, 0, 0,  0,   //
                                              0, 0, 0, 0,  0,   //
                                              1, 0, 0, 59, 49,  //
                                              0, 0, 0, 0,  0,   //
                                              0, 0, 0, 0,  0}));
}

TEST(ProposalLayerTest, BadFields) {
  for (const char* fields :
       {"ratio: 0", "scale: -1", "base_size: 0", "feat_stride: 0",
        "min_size: -1", "iou_threshold: nan", "max_rois: 3 rpn_min_size: -1",
        "anchor_base_size: 0"}) {
    EXPECT_THAT(Propose(fields, kThreeValues).Forward(),
                HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
  EXPECT_THAT(Propose("post_nms_topn: 0", {9, 9, 1, 1}).Forward(),
              HasReason("LAYER_PARAMETER_INVALID"));
  for (const char* fields :
       {"net_input_h: 3", "net_input_w: 3",
        "net_input_h: 3 net_input_w: 3 rpn_nms_post_top_n: 0"}) {
    LayerTester propose(absl::StrCat(
        "type: 'Proposal' bottom: 'score' bottom: 'delta' top: 'rois' "
        "proposal_param { ",
        fields, " }"));
    propose.Input("score", {1, 18, 1, 1}).Input("delta", {1, 36, 1, 1});
    EXPECT_THAT(propose.Forward(), HasReason("LAYER_PARAMETER_INVALID"))
        << fields;
  }
}

TEST(ProposalLayerTest, BadBottoms) {
  for (const auto& [name, shape] :
       std::vector<std::pair<std::string, Shape>>{{"score", {1, 3, 1, 3}},
                                                  {"score", {1, 2, 3}},
                                                  {"delta", {1, 4, 3, 1}},
                                                  {"delta", {2, 4, 1, 3}},
                                                  {"info", {1, 2}},
                                                  {"info", {1, 5}},
                                                  {"info", {2, 3}}}) {
    LayerTester propose = Propose("", kThreeValues);
    propose.Input(name, shape);
    EXPECT_THAT(propose.Forward(), HasReason("LAYER_SHAPE_INVALID"))
        << name << shape.ToString();
  }
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(Propose("", {nan, 9, 1}).Forward(),
              HasReason("LAYER_INPUT_INVALID"));
}

TEST(ProposalLayerTest, NanScoresAndDeltasAreHarmless) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  LayerTester propose = Propose("min_size: 0", kThreeValues);
  propose.Input("score", {1, 2, 1, 3}, {9, 9, 9, nan, 0.9f, 0.5f});
  propose.Input("delta", {1, 4, 1, 3},
                {0, 0, nan, 0, 0, nan, 0, 0, 1e9f, 0, 0, 1e9f});
  ASSERT_OK(propose.Forward());
  EXPECT_THAT(propose.Output("rois"),
              Values({0, 16, 0, 32, 16, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace quantd::testing
