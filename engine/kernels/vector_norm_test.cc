#include "engine/kernels/vector_norm.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

TEST(VectorNormTest, L2AcrossStrides) {
  // Two vectors, (3, 4) and (-6, 8), of stride 2.
  std::vector<float> x = {3, -6, 4, 8};
  std::vector<float> norms(2);
  const VectorNorm norm{/*outer=*/1, /*dim=*/2, /*inner=*/2};
  norm.Forward(x.data(), x.data(), norms.data());
  EXPECT_THAT(norms, ElementsAre(5, 10));
  EXPECT_THAT(x, ElementsAre(0.6f, -0.6f, 0.8f, 0.8f));
}

TEST(VectorNormTest, L1AndEps) {
  const std::vector<float> x = {3, -4, 0, 0};
  std::vector<float> y(4), norms(2);
  const VectorNorm norm{2, 2, 1, /*eps=*/1, /*l1=*/true};
  norm.Forward(x.data(), y.data(), norms.data());
  EXPECT_THAT(norms, ElementsAre(8, 1));
  EXPECT_THAT(y, ElementsAre(0.375f, -0.5f, 0, 0));
}

TEST(VectorNormTest, ZerosWithoutEpsAreNan) {
  const std::vector<float> x = {0, 0};
  std::vector<float> y(2), norms(1);
  VectorNorm{1, 2, 1}.Forward(x.data(), y.data(), norms.data());
  EXPECT_TRUE(std::isnan(y[0]));
}

// More vectors beside each other than a thread takes at once.
TEST(VectorNormTest, ManyVectors) {
  const VectorNorm norm{/*outer=*/2, /*dim=*/2, /*inner=*/1000};
  std::vector<float> x(4000), norms(2000);
  for (int i = 0; i < 4000; ++i) {
    const float length = static_cast<float>(1 + i / 2000 * 1000 + i % 1000);
    x[i] = length * (i / 1000 % 2 == 0 ? 3 : -4);
  }
  norm.Forward(x.data(), x.data(), norms.data());
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(norms[i], 5 * (1 + i));
  for (int i = 0; i < 4000; ++i) {
    ASSERT_EQ(x[i], i / 1000 % 2 == 0 ? 0.6f : -0.8f);
  }
}

TEST(VectorNormTest, Gradients) {
  for (const bool l1 : {false, true}) {
    const VectorNorm norm{2, 3, 2, /*eps=*/0.1f, l1};
    std::vector<float> x(12), dy(12), dnorms(4);
    for (int i = 0; i < 12; ++i) x[i] = std::cos(3.0f * i);
    for (int i = 0; i < 12; ++i) dy[i] = std::sin(2.0f * i + 1);
    for (int i = 0; i < 4; ++i) dnorms[i] = 1 + i;
    std::vector<float> y(12), norms(4), dx(12);
    norm.Forward(x.data(), y.data(), norms.data());
    norm.Backward(y.data(), norms.data(), dy.data(), dx.data());
    norm.AddBackwardOfNorms(y.data(), dnorms.data(), dx.data());
    for (int i = 0; i < 12; ++i) {
      double loss[2];
      for (int side = 0; side < 2; ++side) {
        std::vector<float> moved = x;
        moved[i] += side ? 1e-2f : -1e-2f;
        norm.Forward(moved.data(), y.data(), norms.data());
        loss[side] = 0;
        for (int k = 0; k < 12; ++k) loss[side] += dy[k] * y[k];
        for (int k = 0; k < 4; ++k) loss[side] += dnorms[k] * norms[k];
      }
      EXPECT_NEAR(dx[i], (loss[1] - loss[0]) / 2e-2, 2e-3) << l1 << " " << i;
    }
  }
}

}  // namespace
}  // namespace quantd
