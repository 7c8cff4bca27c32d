// The fast inner product and its gradients against plain loops.
#include "engine/kernels/cpu/inner_product.h"

#include <tuple>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/kernels/cpu/inner_product_backward.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

Tensor MakeTensor(const Shape& shape, uint32_t seed) {
  Tensor tensor(shape);
  uint32_t state = seed;
  for (float& value : tensor.values()) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 16) / 65536 - 0.5f;
  }
  return tensor;
}

// items, inputs, outputs, transposed.
using Sizes = std::tuple<int64_t, int64_t, int64_t, bool>;

class CpuInnerProductTest : public ::testing::TestWithParam<Sizes> {
 protected:
  // The weight of input k for output m.
  float Weight(const Tensor& weights, int64_t m, int64_t k) const {
    return weights.data()[transposed_ ? k * outputs_ + m : m * inputs_ + k];
  }

  const int64_t items_ = std::get<0>(GetParam());
  const int64_t inputs_ = std::get<1>(GetParam());
  const int64_t outputs_ = std::get<2>(GetParam());
  const bool transposed_ = std::get<3>(GetParam());
  const Tensor src_ = MakeTensor({items_, inputs_}, 1);
  const Tensor weights_ = MakeTensor(
      transposed_ ? Shape{inputs_, outputs_} : Shape{outputs_, inputs_}, 2);
  const Tensor bias_ = MakeTensor({outputs_}, 3);
  const Tensor diff_dst_ = MakeTensor({items_, outputs_}, 4);
};

TEST_P(CpuInnerProductTest, Forward) {
  CpuInnerProduct kernel(transposed_);
  Tensor dst({items_, outputs_});
  ASSERT_OK(kernel.Run(src_, weights_, &bias_, &dst));
  for (int64_t n = 0; n < items_; ++n) {
    for (int64_t m = 0; m < outputs_; ++m) {
      double sum = bias_.data()[m];
      for (int64_t k = 0; k < inputs_; ++k) {
        sum += src_.data()[n * inputs_ + k] * Weight(weights_, m, k);
      }
      ASSERT_NEAR(dst.data()[n * outputs_ + m], sum, 1e-4);
    }
  }
}

TEST_P(CpuInnerProductTest, InputGradient) {
  Tensor diff_src = MakeTensor({items_, inputs_}, 5);
  ASSERT_OK(
      InnerProductBackwardData(weights_, transposed_, diff_dst_, &diff_src));
  for (int64_t n = 0; n < items_; ++n) {
    for (int64_t k = 0; k < inputs_; ++k) {
      double sum = 0;
      for (int64_t m = 0; m < outputs_; ++m) {
        sum += diff_dst_.data()[n * outputs_ + m] * Weight(weights_, m, k);
      }
      ASSERT_NEAR(diff_src.data()[n * inputs_ + k], sum, 1e-4);
    }
  }
}

TEST_P(CpuInnerProductTest, WeightAndBiasGradientsAdd) {
  Tensor diff_weights = weights_.Clone();
  Tensor diff_bias = bias_.Clone();
  ASSERT_OK(
      InnerProductBackwardWeights(src_, transposed_, diff_dst_, &diff_weights));
  InnerProductBackwardBias(diff_dst_, &diff_bias);
  for (int64_t m = 0; m < outputs_; ++m) {
    double bias = bias_.data()[m];
    for (int64_t n = 0; n < items_; ++n) {
      bias += diff_dst_.data()[n * outputs_ + m];
    }
    ASSERT_NEAR(diff_bias.data()[m], bias, 1e-4);
    for (int64_t k = 0; k < inputs_; ++k) {
      double sum = Weight(weights_, m, k);
      for (int64_t n = 0; n < items_; ++n) {
        sum +=
            diff_dst_.data()[n * outputs_ + m] * src_.data()[n * inputs_ + k];
      }
      ASSERT_NEAR(Weight(diff_weights, m, k), sum, 1e-4);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, CpuInnerProductTest,
                         ::testing::Combine(::testing::Values(0, 1, 3, 64),
                                            ::testing::Values(1, 17, 100),
                                            ::testing::Values(1, 10, 33),
                                            ::testing::Bool()));

}  // namespace
}  // namespace quantd
