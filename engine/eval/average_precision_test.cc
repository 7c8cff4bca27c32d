#include "engine/eval/average_precision.h"

#include "gtest/gtest.h"

namespace quantd {
namespace {

// A unit square at `x`, so that squares 1/3 apart share half of their union.
LabelledBox At(float x, int label = 1) { return {label, x, 0, x + 1, 1}; }

double Measure(PrecisionMethod method) {
  AveragePrecision precision(method, 0.5);
  // By score: right, wrong, right, wrong; one of three truths is not found.
  precision.AddImage({{At(0)}, {At(10)}},
                     {{At(0), 0.9f}, {At(5), 0.8f}, {At(10), 0.7f}});
  precision.AddImage({{At(0)}}, {{At(3), 0.6f}});
  return precision.Mean();
}

// Recall 1/3 1/3 2/3 2/3, precision 1 1/2 2/3 1/2.
TEST(AveragePrecisionTest, MethodsAsDefined) {
  EXPECT_NEAR(Measure(PrecisionMethod::k11Point), (4 * 1 + 3 * 2 / 3.0) / 11,
              1e-12);
  EXPECT_NEAR(Measure(PrecisionMethod::kMaxIntegral), (1 + 2 / 3.0) / 3, 1e-12);
  EXPECT_NEAR(Measure(PrecisionMethod::kIntegral), (1 + 2 / 3.0) / 3, 1e-12);
}

// Recall 0 1, precision 0 1/2: the best beyond is not the precision there.
TEST(AveragePrecisionTest, LaterPrecisionLiftsEarlierRecall) {
  for (const auto& [method, expected] :
       {std::pair{PrecisionMethod::k11Point, 2 / 3.0},
        std::pair{PrecisionMethod::kMaxIntegral, 2 / 3.0},
        std::pair{PrecisionMethod::kIntegral, (0.5 + 2 / 3.0) / 2}}) {
    AveragePrecision precision(method, 0.5);
    precision.AddImage({{At(0)}, {At(10)}},
                       {{At(5), 0.9f}, {At(0), 0.8f}, {At(10), 0.7f}});
    EXPECT_NEAR(precision.Mean(), expected, 1e-12);
  }
}

TEST(AveragePrecisionTest, OverlapAtTheBoundCounts) {
  EXPECT_NEAR(Overlap(At(0), At(1.0f / 3)), 0.5, 1e-6);
  EXPECT_EQ(Overlap(At(0), At(1)), 0);
  for (const double bound : {0.25, 0.75}) {
    AveragePrecision precision(PrecisionMethod::k11Point, bound);
    precision.AddImage({{At(0)}}, {{At(1.0f / 3), 1}});
    EXPECT_EQ(precision.Mean(), bound < 0.5 ? 1 : 0);
  }
}

TEST(AveragePrecisionTest, ABoxIsFoundOnce) {
  AveragePrecision precision(PrecisionMethod::kMaxIntegral, 0.5);
  precision.AddImage({{At(0)}, {At(9)}}, {{At(0), 0.9f}, {At(0.1f), 0.8f}});
  EXPECT_NEAR(precision.Mean(), 0.5, 1e-12);
  EXPECT_EQ(precision.Classes()[1].num_detections, 2);
}

TEST(AveragePrecisionTest, DifficultBoxesDoNotCount) {
  AveragePrecision precision(PrecisionMethod::kMaxIntegral, 0.5);
  precision.AddImage({{At(0), true}, {At(9)}},
                     {{At(0), 0.9f}, {At(0), 0.8f}, {At(9), 0.7f}});
  EXPECT_EQ(precision.Mean(), 1);
  EXPECT_EQ(precision.Classes()[1].num_truths, 1);
}

TEST(AveragePrecisionTest, LabelsAreApart) {
  AveragePrecision precision(PrecisionMethod::k11Point, 0.5);
  precision.AddImage({{At(0, 1)}, {At(5, 2)}},
                     {{At(0, 2), 0.9f}, {At(5, 2), 0.8f}, {At(7, 3), 0.5f}});
  const auto classes = precision.Classes();
  EXPECT_EQ(classes.at(1).average_precision, 0);
  EXPECT_NEAR(classes.at(2).average_precision, 0.5, 1e-12);
  EXPECT_EQ(classes.at(3).average_precision, -1);
  EXPECT_NEAR(precision.Mean(), 0.25, 1e-12);
  EXPECT_EQ(AveragePrecision(PrecisionMethod::k11Point, 0.5).Mean(), 0);
}

}  // namespace
}  // namespace quantd
