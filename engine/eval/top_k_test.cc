#include "engine/eval/top_k.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

using Code = absl::StatusCode;

Tensor MakeTensor(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor(shape);
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

TEST(TopKTest, CountsTop1AndTop5) {
  const std::vector<float> scores = {6, 5, 4, 3, 2, 1, 6, 5, 4, 3, 2, 1,
                                     6, 5, 4, 3, 2, 1, 6, 5, 4, 3, 2, 1};
  TopK top_k;
  ASSERT_OK(
      top_k.Add(MakeTensor({4, 6}, scores), MakeTensor({4}, {0, 1, 4, 5})));
  EXPECT_EQ(top_k.num_images(), 4);
  EXPECT_EQ(top_k.top1(), 0.25);
  EXPECT_EQ(top_k.top5(), 0.75);
  EXPECT_EQ(top_k.score_kind(), ScoreKind::kLogits);
}

TEST(TopKTest, TheLowerClassOfATieComesFirst) {
  TopK top_k;
  ASSERT_OK(top_k.Add(MakeTensor({3, 2}, {1, 1, 1, 1, 1, 2}),
                      MakeTensor({3}, {0, 1, 1})));
  EXPECT_DOUBLE_EQ(top_k.top1(), 2.0 / 3.0);
  EXPECT_EQ(top_k.top5(), 1);
  EXPECT_EQ(top_k.num_ties(), 2);
}

TEST(TopKTest, CrossEntropyOfProbabilities) {
  TopK top_k;
  ASSERT_OK(top_k.Add(MakeTensor({2, 2, 1, 1}, {0.25, 0.75, 1, 0}),
                      MakeTensor({2, 1}, {1, 0})));
  EXPECT_EQ(top_k.score_kind(), ScoreKind::kProbabilities);
  EXPECT_NEAR(top_k.mean_cross_entropy(), -std::log(0.75) / 2, 1e-7);
}

TEST(TopKTest, CrossEntropyOfLogitsIsOverBatches) {
  TopK top_k(ScoreKind::kLogits);
  ASSERT_OK(top_k.Add(MakeTensor({1, 2}, {1000, 1000}), MakeTensor({1}, {0})));
  ASSERT_OK(top_k.Add(MakeTensor({1, 2}, {0, 1}), MakeTensor({1}, {1})));
  const double second = std::log(1 + std::exp(-1.0));
  EXPECT_NEAR(top_k.mean_cross_entropy(), (std::log(2.0) + second) / 2, 1e-7);
}

TEST(TopKTest, ZeroProbabilityIsFinite) {
  TopK top_k(ScoreKind::kProbabilities);
  ASSERT_OK(top_k.Add(MakeTensor({1, 2}, {0, 1}), MakeTensor({1}, {0})));
  EXPECT_NEAR(top_k.mean_cross_entropy(),
              -std::log(std::numeric_limits<float>::min()), 1e-4);
}

TEST(TopKTest, RefusesBadInputAndCountsNothing) {
  TopK top_k;
  const Tensor scores = MakeTensor({2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(top_k.Add(scores, MakeTensor({2}, {0, 2})),
              StatusIs(Code::kInvalidArgument, "label 2"));
  EXPECT_THAT(top_k.Add(scores, MakeTensor({2}, {0, -1})),
              HasReason("EVALUATION_INPUT_INVALID"));
  EXPECT_THAT(top_k.Add(scores, MakeTensor({2}, {0, 0.5})),
              HasReason("EVALUATION_INPUT_INVALID"));
  EXPECT_THAT(top_k.Add(scores, MakeTensor({3}, {0, 0, 0})),
              HasReason("EVALUATION_INPUT_INVALID"));
  EXPECT_THAT(
      top_k.Add(MakeTensor({1, 2, 2}, {1, 2, 3, 4}), MakeTensor({1}, {0})),
      HasReason("EVALUATION_INPUT_INVALID"));
  EXPECT_THAT(
      top_k.Add(MakeTensor({1, 2}, {1, std::nanf("")}), MakeTensor({1}, {0})),
      StatusIs(Code::kInvalidArgument, "NaN"));
  EXPECT_EQ(top_k.num_images(), 0);
  EXPECT_EQ(top_k.top1(), 0);
}

}  // namespace
}  // namespace quantd::testing
