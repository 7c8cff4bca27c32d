#include "engine/kernels/standardize.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

TEST(StandardizeTest, EpsInOrBesideTheRoot) {
  const std::vector<float> x = {1, 3, 10, 18};  // Deviations 1 and 4.
  std::vector<float> y(4), factors(2);
  Standardize rows{/*rows=*/2, /*size=*/2, /*eps=*/9};
  rows.Forward(x.data(), y.data(), factors.data());
  EXPECT_THAT(factors, Pointwise(FloatNear(1e-6), {1 / std::sqrt(10.f), 0.2f}));
  EXPECT_THAT(
      y, Pointwise(FloatNear(1e-6),
                   {-1 / std::sqrt(10.f), 1 / std::sqrt(10.f), -0.8f, 0.8f}));
  rows.eps_in_root = false;
  rows.Forward(x.data(), y.data(), factors.data());
  EXPECT_THAT(y,
              Pointwise(FloatNear(1e-6), {-0.1f, 0.1f, -4 / 13.f, 4 / 13.f}));
}

TEST(StandardizeTest, OnlyTheMeanInPlace) {
  std::vector<float> x = {1, 2, 6};
  std::vector<float> factors(1);
  Standardize rows{1, 3, 1e-5f, /*divide=*/false};
  rows.Forward(x.data(), x.data(), factors.data());
  EXPECT_THAT(x, ElementsAre(-2, -1, 3));
  std::vector<float> diff = {3, 0, 0};
  rows.Backward(x.data(), factors.data(), diff.data(), diff.data());
  EXPECT_THAT(diff, ElementsAre(2, -1, -1));
}

TEST(StandardizeTest, ALargeMeanKeepsTheDeviation) {
  std::vector<float> x(1000);
  for (int i = 0; i < 1000; ++i) x[i] = i % 2 ? 4097 : 4095;
  std::vector<float> factors(1);
  Standardize{1, 1000, 0}.Forward(x.data(), x.data(), factors.data());
  EXPECT_FLOAT_EQ(x[0], -1);
  EXPECT_FLOAT_EQ(x[999], 1);
}

// (d/dx_j) y_i = factor * (delta_ij - 1/n - y_i * y_j / n).
TEST(StandardizeTest, GradientByTheJacobian) {
  const std::vector<float> x = {0.5f, -1, 2, 1};
  const std::vector<float> dy = {1, -2, 0.5f, 3};
  std::vector<float> y(4), factors(1), dx(4), expected(4, 0.0f);
  Standardize rows{1, 4, 0};
  rows.Forward(x.data(), y.data(), factors.data());
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) {
      const float delta = i == j ? 1 : 0;
      expected[j] += dy[i] * factors[0] * (delta - 0.25f - y[i] * y[j] / 4);
    }
  }
  rows.Backward(y.data(), factors.data(), dy.data(), dx.data());
  EXPECT_THAT(dx, Pointwise(FloatNear(1e-5), expected));
}

}  // namespace
}  // namespace quantd
