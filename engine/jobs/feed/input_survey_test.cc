#include "engine/jobs/feed/input_survey.h"

#include <vector>

#include "gtest/gtest.h"

namespace quantd {
namespace {

// One image of 1x3x5 per value: the value, and i in the i-th place.
Tensor Images(const std::vector<float>& firsts) {
  Tensor images(*Shape::Create({static_cast<int64_t>(firsts.size()), 1, 3, 5}));
  for (size_t n = 0; n < firsts.size(); ++n) {
    for (int i = 0; i < 15; ++i) images.data()[n * 15 + i] = i;
    images.data()[n * 15] = firsts[n];
  }
  return images;
}

TEST(InputSurveyTest, FindsRangeAndConstantImages) {
  InputSurvey survey;
  EXPECT_TRUE(survey.ranges().empty());
  const Tensor images = Images({-3.0f, 20.0f});
  survey.Add({&images}, 2);
  EXPECT_EQ(survey.num_images(), 2);
  ASSERT_EQ(survey.ranges().size(), 1);
  EXPECT_EQ(survey.ranges()[0].min, -3.0f);
  EXPECT_EQ(survey.ranges()[0].max, 20.0f);
  EXPECT_EQ(survey.ranges()[0].num_constant, 0);
  Tensor flat(*Shape::Create({1, 1, 2, 2}));
  for (int i = 0; i < 4; ++i) flat.data()[i] = -7.5f;
  survey.Add({&flat}, 1);
  EXPECT_EQ(survey.ranges()[0].num_constant, 1);
  EXPECT_EQ(survey.ranges()[0].min, -7.5f);
}

TEST(InputSurveyTest, CountsTheImagesThatTwoSetsShare) {
  InputSurvey calibration, evaluation;
  const Tensor three = Images({1, 2, 3});
  const Tensor five = Images({4, 3, 5, 1, 1});
  calibration.Add({&three}, 3);
  evaluation.Add({&five}, 5);
  EXPECT_EQ(evaluation.CountSharedWith(calibration), 3);
  EXPECT_EQ(calibration.CountSharedWith(evaluation), 2);
}

TEST(InputSurveyTest, EveryValueOfAnImageCounts) {
  const Tensor image = Images({1});
  for (int i = 0; i < 15; ++i) {
    InputSurvey first, second;
    Tensor changed = Images({1});
    changed.data()[i] += 0.25f;
    first.Add({&image}, 1);
    second.Add({&changed}, 1);
    EXPECT_EQ(second.CountSharedWith(first), 0) << i;
  }
}

TEST(InputSurveyTest, InputsHaveTheirOwnRangesAndMakeAnImageTogether) {
  const Tensor two = Images({30, 1});
  const Tensor low = Images({-5, -6});
  const Tensor high = Images({-5, -7});
  InputSurvey first, second;
  first.Add({&two, &low}, 2);
  EXPECT_EQ(first.num_images(), 2);
  ASSERT_EQ(first.ranges().size(), 2);
  EXPECT_EQ(first.ranges()[0].max, 30);
  EXPECT_EQ(first.ranges()[1].min, -6);
  EXPECT_EQ(first.ranges()[1].max, 14);
  second.Add({&two, &high}, 2);
  EXPECT_EQ(second.CountSharedWith(first), 1);
}

}  // namespace
}  // namespace quantd
