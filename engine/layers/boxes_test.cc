#include "engine/layers/boxes.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

void ExpectBox(const Box& actual, const Box& expected) {
  EXPECT_NEAR(actual.x1, expected.x1, 1e-5);
  EXPECT_NEAR(actual.y1, expected.y1, 1e-5);
  EXPECT_NEAR(actual.x2, expected.x2, 1e-5);
  EXPECT_NEAR(actual.y2, expected.y2, 1e-5);
}

TEST(OverlapTest, IsIntersectionOverUnion) {
  const Box a = {0, 0, 2, 2};
  const Box b = {1, 0, 3, 2};
  EXPECT_FLOAT_EQ(Overlap(a, b, kRelativeEnds), 2.f / 6);
  // 3 x 3 pixels each, 2 x 3 in common.
  EXPECT_FLOAT_EQ(Overlap(a, b, kPixelEnds), 6.f / 12);
  EXPECT_FLOAT_EQ(Overlap(a, b, BoxEnds{1, 0}), 2.f / 16);
  EXPECT_FLOAT_EQ(Overlap(a, a, kRelativeEnds), 1);
}

TEST(OverlapTest, DisjointAndMalformedBoxesDoNotOverlap) {
  const Box a = {0, 0, 1, 1};
  EXPECT_EQ(Overlap(a, {1, 0, 2, 1}, kRelativeEnds), 0);
  EXPECT_EQ(Overlap(a, {5, 5, 6, 6}, kPixelEnds), 0);
  EXPECT_EQ(Overlap(a, {1, 1, 0, 0}, kRelativeEnds), 0);
  EXPECT_EQ(Overlap({0, 0, 0, 0}, {0, 0, 0, 0}, kRelativeEnds), 0);
  EXPECT_EQ(Overlap(a, {kNan, kNan, kNan, kNan}, kRelativeEnds), 0);
}

TEST(ClipBoxTest, ClipsBothEnds) {
  ExpectBox(ClipBox({-1, 2, 9, 99}, 8, 9), {0, 2, 8, 9});
  ExpectBox(ClipBox({kNan, 0, INFINITY, -INFINITY}, 8, 9), {0, 0, 8, 0});
}

TEST(DecodePriorTest, Codes) {
  const Box prior = {1, 2, 3, 6};  // 2 x 4 around (2, 4).
  const float offsets[4] = {1, 2, 3, 4};
  const float variances[4] = {0.1f, 0.2f, 0.3f, 0.4f};
  ExpectBox(DecodePrior(prior, nullptr, offsets, BoxCode::kCorner),
            {2, 4, 6, 10});
  ExpectBox(DecodePrior(prior, variances, offsets, BoxCode::kCorner),
            {1.1f, 2.4f, 3.9f, 7.6f});
  ExpectBox(DecodePrior(prior, variances, offsets, BoxCode::kCornerSize),
            {1.2f, 3.6f, 4.8f, 12.4f});
  const float log_offsets[4] = {1, 2, std::log(3.f), std::log(2.f)};
  ExpectBox(DecodePrior(prior, nullptr, log_offsets, BoxCode::kCenterSize),
            {4 - 3, 12 - 4, 4 + 3, 12 + 4});
}

TEST(DecodeAnchorTest, LastPixelIsInside) {
  const float deltas[4] = {0.5f, 0, std::log(2.f), 0};
  const Box anchor = {10, 20, 13, 21};  // 4 x 2 around (12, 21).
  ExpectBox(DecodeAnchor(anchor, deltas), {14 - 4, 20, 14 + 4, 22});
  ExpectBox(DecodeAnchor(anchor, deltas, 1),
            {13.5f - 4, 19.5f, 13.5f + 4, 21.5f});
}

TEST(TopScoresTest, StableDescending) {
  const std::vector<float> scores = {0.5f, 0.9f, 0.5f, 0.1f, kNan, 0.9f};
  EXPECT_THAT(TopScores(scores, 0.1f, -1), ElementsAre(1, 5, 0, 2));
  EXPECT_THAT(TopScores(scores, 0.1f, 3), ElementsAre(1, 5, 0));
  EXPECT_THAT(TopScores(scores, 0.1f, 0), ElementsAre());
  EXPECT_THAT(TopScores(scores, -INFINITY, 99), ElementsAre(1, 5, 0, 2, 3));
}

// b overlaps a by 1/3 and c by 1/3; a and c are disjoint.
const std::vector<Box> kRow = {{0, 0, 2, 2}, {1, 0, 3, 2}, {2, 0, 4, 2}};

TEST(NmsTest, KeepsInTheGivenOrder) {
  NmsOptions options;
  EXPECT_THAT(Nms(kRow, {0, 1, 2}, options), ElementsAre(0, 2));
  EXPECT_THAT(Nms(kRow, {1, 0, 2}, options), ElementsAre(1));
  options.max_kept = 1;
  EXPECT_THAT(Nms(kRow, {2, 1, 0}, options), ElementsAre(2));
  options.max_kept = 0;
  EXPECT_THAT(Nms(kRow, {2, 1, 0}, options), ElementsAre());
}

TEST(NmsTest, ExactlyTheThreshold) {
  NmsOptions options;
  options.threshold = Overlap(kRow[0], kRow[1], kRelativeEnds);
  EXPECT_THAT(Nms(kRow, {0, 1, 2}, options), ElementsAre(0, 1, 2));
  options.drops_equal = true;
  EXPECT_THAT(Nms(kRow, {0, 1, 2}, options), ElementsAre(0, 2));
}

TEST(NmsTest, EtaLowersTheThresholdWhileAboveAHalf) {
  // Overlaps with box 0: 0.6 for box 1, 0.55 for box 2; none with box 3.
  const std::vector<Box> boxes = {
      {0, 0, 1, 1}, {0, 0, 0.6f, 1}, {0.45f, 0, 1, 1}, {2, 0, 3, 1}};
  NmsOptions options;
  options.threshold = 0.7f;
  EXPECT_THAT(Nms(boxes, {0, 1, 2, 3}, options), ElementsAre(0, 1, 2, 3));
  options.eta = 0.82f;  // 0.574 after one box, 0.471 after two.
  EXPECT_THAT(Nms(boxes, {0, 2, 1, 3}, options), ElementsAre(0, 2, 3));
}

TEST(SuppressPairsTest, TheLowerScoreGoes) {
  EXPECT_THAT(SuppressPairs(kRow, {1, 2, 3}, {}, 0.3f, kRelativeEnds),
              ElementsAre(2));
  EXPECT_THAT(SuppressPairs(kRow, {1, 1, 1}, {}, 0.3f, kRelativeEnds),
              ElementsAre(0, 2));
  EXPECT_THAT(SuppressPairs(kRow, {1, 2, 3}, {0, 1, 0}, 0.3f, kRelativeEnds),
              ElementsAre(0, 1, 2));
  EXPECT_THAT(SuppressPairs(kRow, {1, 2, 3}, {}, 0.5f, kRelativeEnds),
              ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace quantd
