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
  survey.Add(Images({-3.0f, 20.0f}), 2);
  EXPECT_EQ(survey.num_images(), 2);
  EXPECT_EQ(survey.min(), -3.0f);
  EXPECT_EQ(survey.max(), 20.0f);
  EXPECT_EQ(survey.num_constant(), 0);
  Tensor flat(*Shape::Create({1, 1, 2, 2}));
  for (int i = 0; i < 4; ++i) flat.data()[i] = -7.5f;
  survey.Add(flat, 1);
  EXPECT_EQ(survey.num_constant(), 1);
  EXPECT_EQ(survey.min(), -7.5f);
}

TEST(InputSurveyTest, CountsTheImagesThatTwoSetsShare) {
  InputSurvey calibration, evaluation;
  calibration.Add(Images({1, 2, 3}), 3);
  evaluation.Add(Images({4, 3, 5, 1, 1}), 5);
  EXPECT_EQ(evaluation.CountSharedWith(calibration), 3);
  EXPECT_EQ(calibration.CountSharedWith(evaluation), 2);
}

TEST(InputSurveyTest, EveryValueOfAnImageCounts) {
  const Tensor image = Images({1});
  for (int i = 0; i < 15; ++i) {
    InputSurvey first, second;
    Tensor changed = Images({1});
    changed.data()[i] += 0.25f;
    first.Add(image, 1);
    second.Add(changed, 1);
    EXPECT_EQ(second.CountSharedWith(first), 0) << i;
  }
}

}  // namespace
}  // namespace quantd
