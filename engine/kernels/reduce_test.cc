#include "engine/kernels/reduce.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

float Reduced(const ReduceOp& op, const std::vector<float>& x) {
  return op.reduce(x.data(), static_cast<int64_t>(x.size()));
}

std::vector<float> Gradient(const ReduceOp& op, const std::vector<float>& x,
                            float dy = 1) {
  std::vector<float> dx(x.size(), NAN);
  op.gradient(x.data(), static_cast<int64_t>(x.size()), dy, dx.data());
  return dx;
}

TEST(ReduceTest, Values) {
  const std::vector<float> x = {1, -2, 4, -3};
  EXPECT_EQ(Reduced(kReduceSum, x), 0);
  EXPECT_EQ(Reduced(kReduceMean, {1, 2, 6}), 3);
  EXPECT_EQ(Reduced(kReduceProd, x), 24);
  EXPECT_EQ(Reduced(kReduceMax, x), 4);
  EXPECT_EQ(Reduced(kReduceMin, x), -3);
  EXPECT_EQ(Reduced(kReduceL1, x), 10);
  EXPECT_EQ(Reduced(kReduceL2, {3, -4}), 5);
  EXPECT_EQ(Reduced(kReduceSumSquares, x), 30);
  EXPECT_NEAR(Reduced(kReduceLogSumExp, {0, 0}), std::log(2.0), 1e-6);
}

TEST(ReduceTest, LogSumExpDoesNotOverflow) {
  EXPECT_NEAR(Reduced(kReduceLogSumExp, {1000, 1000}), 1000 + std::log(2.0),
              1e-3);
  EXPECT_EQ(Reduced(kReduceLogSumExp, {-INFINITY, -INFINITY}), -INFINITY);
  EXPECT_EQ(Reduced(kReduceLogSumExp, {INFINITY, 0}), INFINITY);
}

TEST(ReduceTest, OfNothing) {
  EXPECT_EQ(Reduced(kReduceSum, {}), 0);
  EXPECT_EQ(Reduced(kReduceProd, {}), 1);
  EXPECT_EQ(Reduced(kReduceL2, {}), 0);
}

TEST(ReduceTest, GradientsWhereOthersAreTied) {
  EXPECT_THAT(Gradient(kReduceMax, {1, 4, 4}, 2), ElementsAre(0, 2, 0));
  EXPECT_THAT(Gradient(kReduceMin, {4, 1, 1}, 2), ElementsAre(0, 2, 0));
  EXPECT_THAT(Gradient(kReduceL1, {3, 0, -2}, 2), ElementsAre(2, 0, -2));
  EXPECT_THAT(Gradient(kReduceL2, {0, 0}), ElementsAre(0, 0));
}

TEST(ReduceTest, GradientOfAProductWithZeros) {
  EXPECT_THAT(Gradient(kReduceProd, {2, 0, 3}), ElementsAre(0, 6, 0));
  EXPECT_THAT(Gradient(kReduceProd, {0, 0, 3}), ElementsAre(0, 0, 0));
}

TEST(ReduceTest, GradientsAreDifferences) {
  constexpr float kStep = 1e-2f;
  const std::vector<float> x = {0.5f, -1.25f, 2, -0.75f};
  for (const ReduceOp* op :
       {&kReduceSum, &kReduceMean, &kReduceProd, &kReduceMax, &kReduceMin,
        &kReduceL1, &kReduceL2, &kReduceSumSquares, &kReduceLogSumExp}) {
    std::vector<float> estimated;
    for (size_t i = 0; i < x.size(); ++i) {
      std::vector<float> up = x;
      std::vector<float> down = x;
      up[i] += kStep;
      down[i] -= kStep;
      estimated.push_back((Reduced(*op, up) - Reduced(*op, down)) /
                          (2 * kStep));
    }
    EXPECT_THAT(Gradient(*op, x), Pointwise(FloatNear(1e-3f), estimated));
  }
}

TEST(ReduceTest, Rows) {
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  std::vector<float> y(2);
  ReduceRows(kReduceSum, x.data(), 2, 3, 0.5f, y.data());
  EXPECT_THAT(y, ElementsAre(3, 7.5));
  std::vector<float> dx(6);
  const std::vector<float> dy = {1, -2};
  ReduceRowsBackward(kReduceSum, x.data(), dy.data(), 2, 3, 0.5f, dx.data());
  EXPECT_THAT(dx, ElementsAre(0.5, 0.5, 0.5, -1, -1, -1));
}

}  // namespace
}  // namespace quantd
