#include "engine/eval/accuracy_count.h"

#include <algorithm>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

Tensor Make(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor(shape);
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

TEST(AccuracyCountTest, BatchesOfAnySizeCountByPosition) {
  AccuracyCount count((caffe::AccuracyParameter()));
  ASSERT_OK(count.Add(Make({3, 2}, {1, 2, 2, 1, 5, 6}), Make({3}, {1, 0, 0})));
  ASSERT_OK(count.Add(Make({1, 2}, {1, 2}), Make({1}, {1})));
  EXPECT_EQ(count.num_positions(), 4);
  EXPECT_DOUBLE_EQ(count.accuracy(), 0.75);
  EXPECT_THAT(count.class_accuracies(), ElementsAre(0.5, 1));
}

TEST(AccuracyCountTest, TopKCountsTiesAsHigher) {
  caffe::AccuracyParameter param;
  param.set_top_k(2);
  AccuracyCount count(param);
  // Third; second; tied with two others.
  ASSERT_OK(count.Add(Make({3, 3}, {1, 2, 3, 1, 2, 3, 4, 4, 4}),
                      Make({3}, {0, 1, 2})));
  EXPECT_DOUBLE_EQ(count.accuracy(), 1.0 / 3);
}

// Classes along axis 0, positions along axis 1; label 9 does not count.
TEST(AccuracyCountTest, AxisAndIgnoredLabels) {
  caffe::AccuracyParameter param;
  param.set_axis(-2);
  param.set_ignore_label(9);
  AccuracyCount count(param);
  ASSERT_OK(count.Add(Make({2, 4}, {1, 1, 1, 1, 0, 2, 0, 2}),
                      Make({4}, {0, 0, 9, 1})));
  EXPECT_EQ(count.num_positions(), 3);
  EXPECT_DOUBLE_EQ(count.accuracy(), 2.0 / 3);
  EXPECT_THAT(count.class_accuracies(), ElementsAre(0.5, 1));
}

TEST(AccuracyCountTest, NothingCountedIsZero) {
  AccuracyCount count((caffe::AccuracyParameter()));
  EXPECT_EQ(count.num_positions(), 0);
  EXPECT_EQ(count.accuracy(), 0);
}

TEST(AccuracyCountTest, RefusesWhatDoesNotFit) {
  AccuracyCount count((caffe::AccuracyParameter()));
  EXPECT_THAT(count.Add(Make({1, 2}, {1, 2}), Make({2}, {0, 0})),
              HasReason("LAYER_SHAPE_INVALID"));
  EXPECT_THAT(count.Add(Make({1, 2}, {1, 2}), Make({1}, {2})),
              HasReason("LABEL_OUT_OF_RANGE"));
  EXPECT_THAT(count.Add(Make({1, 3}, {1, 2, 3}), Make({1}, {0})),
              HasReason("LAYER_SHAPE_INVALID"));
}

}  // namespace
}  // namespace quantd
