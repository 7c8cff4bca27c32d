#include "engine/simulator/split_sums.h"

#include <cmath>
#include <memory>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/core/tensor.h"
#include "engine/simulator/weight_scale.h"
#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

// What `layer` makes of `bottom`.
Tensor TopOf(Layer* layer, const Tensor& bottom) {
  const Shape shape = bottom.shape();
  Tensor top;
  std::vector<Shape> tops(1);
  EXPECT_OK(layer->SetUp({shape}, 1));
  EXPECT_OK(layer->Reshape({shape}, &tops));
  EXPECT_OK(top.Resize(tops[0]));
  const Tensor* in = &bottom;
  Tensor* out = &top;
  EXPECT_OK(layer->Forward({in}, {out}));
  return top;
}

TEST(SplitSumsTest, FindsTheFewestParts) {
  const auto parts = [](double value, double weights) {
    const auto split = FindSplit(value, weights);
    return split ? split->num_parts : 0;
  };
  EXPECT_EQ(parts(255, 65793), 1);  // (2^24 - 1) / 255
  EXPECT_EQ(parts(255, 65794), 2);
  EXPECT_EQ(parts(65535, 17000), 2);
  EXPECT_EQ(parts(255, 500000), 2);  // VGG's fc6.
  EXPECT_EQ(parts(65535, 500000), 3);
  EXPECT_EQ(parts(1, 0x1p24), 0);
  EXPECT_EQ(parts(65535, 0), 1);
}

TEST(SplitSumsTest, PartsStayBelowTheirBound) {
  for (const double weights : {300.0, 5000.0, 70000.0, 500000.0, 3e6}) {
    const auto split = FindSplit(65535, weights);
    ASSERT_TRUE(split.has_value()) << weights;
    Tensor x;
    ASSERT_OK(x.Resize(Shape({2, 65536})));
    for (int i = 0; i < 65536; ++i) {
      x.data()[i] = static_cast<float>(i);
      x.data()[65536 + i] = static_cast<float>(-i);
    }
    const Tensor parts =
        TopOf(MakeSplitLayer({}, caffe::TEST, *split).get(), x);
    ASSERT_EQ(parts.shape(), Shape({2 * split->num_parts, 65536}));
    for (const float part : parts.values()) {
      ASSERT_LT(std::abs(part) * weights, kMaxWholeSum);
    }
    // Together they are what they were.
    JoinParams join;
    join.split = *split;
    join.steps.assign(65536, 1.0f);
    const Tensor joined =
        TopOf(MakeJoinLayer({}, caffe::TEST, join).get(), parts);
    ASSERT_EQ(joined.shape(), x.shape());
    for (int i = 0; i < 2 * 65536; ++i) {
      ASSERT_EQ(joined.data()[i], x.data()[i]);
    }
  }
}

TEST(SplitSumsTest, JoinsWithBiasAndSteps) {
  Tensor sums;
  ASSERT_OK(sums.Resize(Shape({4, 2, 1, 2})));
  for (int i = 0; i < 16; ++i) {
    sums.data()[i] = i < 8 ? static_cast<float>(i) : 16777215;
  }
  JoinParams join;
  join.split = {2, 9};
  join.bias = {1 << 30, -5};
  join.steps = {0.5f, 3};
  const Tensor y = TopOf(MakeJoinLayer({}, caffe::TEST, join).get(), sums);
  ASSERT_EQ(y.shape(), Shape({2, 2, 1, 2}));
  for (int i = 0; i < 8; ++i) {
    const int c = i / 2 % 2;
    const int64_t exact =
        int64_t{16777215} * 512 + i + (c == 0 ? int64_t{1} << 30 : int64_t{-5});
    EXPECT_EQ(y.data()[i], static_cast<float>(exact) * join.steps[c]) << i;
  }
}

TEST(SplitSumsTest, BottomsMustFit) {
  Tensor sums;
  ASSERT_OK(sums.Resize(Shape({3, 2})));
  JoinParams join;
  join.split = {2, 9};
  join.steps = {1, 1};
  std::vector<Shape> tops(1);
  EXPECT_FALSE(MakeJoinLayer({}, caffe::TEST, join)
                   ->Reshape({Shape({3, 2})}, &tops)
                   .ok());
  EXPECT_FALSE(MakeJoinLayer({}, caffe::TEST, join)
                   ->Reshape({Shape({4, 3})}, &tops)
                   .ok());
}

}  // namespace
}  // namespace quantd::testing
