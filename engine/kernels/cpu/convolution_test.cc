// The fast convolution and its gradients against the definition.
#include "engine/kernels/cpu/convolution.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/kernels/cpu/convolution_backward.h"
#include "engine/kernels/reference/convolution.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}

  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % (high - low + 1));
  }

  Tensor MakeTensor(const std::vector<int64_t>& dims) {
    Tensor tensor(Shape::Create(dims).value());
    for (float& value : tensor.values()) {
      value = static_cast<float>(Between(-1000, 1000)) / 1000;
    }
    return tensor;
  }

 private:
  std::mt19937 engine_;
};

// A random convolution of 1 to 3 spatial axes and its tensors.
struct Case {
  ConvGeometry geometry;
  std::vector<int64_t> src_dims, dst_dims, weight_dims;
};

Case MakeCase(Random* random) {
  Case c;
  ConvGeometry& g = c.geometry;
  g.group = random->Between(1, 3);
  g.channels_in = g.group * random->Between(1, 9);
  g.channels_out = g.group * random->Between(1, 9);
  const int64_t items = random->Between(1, 3);
  c.src_dims = {items, g.channels_in};
  c.dst_dims = {items, g.channels_out};
  c.weight_dims = {g.channels_out, g.channels_in / g.group};
  const int64_t num_axes = random->Between(1, 3);
  for (int axis = 0; axis < num_axes; ++axis) {
    g.kernel.push_back(random->Between(1, 3));
    g.stride.push_back(random->Between(1, 3));
    g.pad.push_back(random->Between(0, 2));
    g.dilation.push_back(random->Between(1, 2));
    const int64_t size = g.KernelExtent(axis) + random->Between(0, 6);
    c.src_dims.push_back(size);
    c.dst_dims.push_back(g.OutputSize(axis, size));
    c.weight_dims.push_back(g.kernel[axis]);
  }
  return c;
}

std::string Describe(const Case& c) {
  return absl::StrCat("group ", c.geometry.group, ", ",
                      Shape::Create(c.src_dims).value().ToString(), " * ",
                      Shape::Create(c.weight_dims).value().ToString(), " -> ",
                      Shape::Create(c.dst_dims).value().ToString());
}

void ExpectNear(const Tensor& actual, const Tensor& expected) {
  ASSERT_EQ(actual.shape(), expected.shape());
  for (int64_t i = 0; i < actual.num_elements(); ++i) {
    const float value = expected.data()[i];
    ASSERT_NEAR(actual.data()[i], value, 1e-4 * (1 + std::abs(value))) << i;
  }
}

class CpuConvolutionTest : public ::testing::TestWithParam<int> {
 protected:
  CpuConvolutionTest() : random_(GetParam()), case_(MakeCase(&random_)) {}

  Random random_;
  const Case case_;
};

TEST_P(CpuConvolutionTest, ForwardIsTheDefinition) {
  SCOPED_TRACE(Describe(case_));
  const Tensor src = random_.MakeTensor(case_.src_dims);
  const Tensor weights = random_.MakeTensor(case_.weight_dims);
  const Tensor bias = random_.MakeTensor({case_.geometry.channels_out});
  Tensor dst = random_.MakeTensor(case_.dst_dims), expected = dst.Clone();
  CpuConvolution kernel(case_.geometry);
  for (const Tensor* maybe_bias :
       {&bias, static_cast<const Tensor*>(nullptr)}) {
    ASSERT_OK(kernel.Run(src, weights, maybe_bias, {}, &dst));
    ReferenceConvolution(case_.geometry, src, weights, maybe_bias, &expected);
    ExpectNear(dst, expected);
  }
}

TEST_P(CpuConvolutionTest, TransposedIsTheInputGradientPlusBias) {
  SCOPED_TRACE(Describe(case_));
  const Tensor src = random_.MakeTensor(case_.dst_dims);
  const Tensor weights = random_.MakeTensor(case_.weight_dims);
  const int64_t channels = case_.geometry.channels_in;
  const Tensor bias = random_.MakeTensor({channels});
  Tensor dst = random_.MakeTensor(case_.src_dims), expected = dst.Clone();
  ReferenceConvolutionBackwardData(case_.geometry, weights, src, &expected);
  CpuConvolution kernel(case_.geometry, CpuConvolution::Direction::kTransposed);
  ASSERT_OK(kernel.Run(src, weights, nullptr, {}, &dst));
  ExpectNear(dst, expected);
  ASSERT_OK(kernel.Run(src, weights, &bias, {}, &dst));
  const int64_t pixels = expected.shape().Count(2);
  for (int64_t i = 0; i < expected.num_elements(); ++i) {
    expected.data()[i] += bias.data()[i / pixels % channels];
  }
  ExpectNear(dst, expected);
}

TEST_P(CpuConvolutionTest, InputGradientIsTheDefinition) {
  SCOPED_TRACE(Describe(case_));
  const Tensor diff_dst = random_.MakeTensor(case_.dst_dims);
  Tensor diff_src = random_.MakeTensor(case_.src_dims);
  Tensor expected = diff_src.Clone();
  CpuConvolutionBackwardData kernel(case_.geometry);
  for (int run = 0; run < 2; ++run) {
    const Tensor weights = random_.MakeTensor(case_.weight_dims);
    kernel.WeightsChanged();
    ASSERT_OK(kernel.Run(weights, diff_dst, &diff_src));
    ReferenceConvolutionBackwardData(case_.geometry, weights, diff_dst,
                                     &expected);
    ExpectNear(diff_src, expected);
  }
}

TEST_P(CpuConvolutionTest, WeightGradientsAddToTheDefinitions) {
  SCOPED_TRACE(Describe(case_));
  const Tensor src = random_.MakeTensor(case_.src_dims);
  const Tensor diff_dst = random_.MakeTensor(case_.dst_dims);
  Tensor weights = random_.MakeTensor(case_.weight_dims);
  Tensor bias = random_.MakeTensor({case_.geometry.channels_out});
  Tensor expected_weights = weights.Clone(), expected_bias = bias.Clone();
  CpuConvolutionBackwardWeights kernel(case_.geometry);
  for (const bool has_bias : {true, false}) {
    ASSERT_OK(kernel.Run(src, diff_dst, &weights, has_bias ? &bias : nullptr));
    ReferenceConvolutionBackwardWeights(case_.geometry, src, diff_dst,
                                        &expected_weights,
                                        has_bias ? &expected_bias : nullptr);
    ExpectNear(weights, expected_weights);
    ExpectNear(bias, expected_bias);
  }
}

// The input gradient of a sum over the outputs, told by hand: how many windows
// each of 3 pixels is in, for a kernel of 2 ones.
TEST(ReferenceConvolutionTest, GradientsByHand) {
  ConvGeometry g;
  g.channels_in = g.channels_out = 1;
  g.kernel = {2};
  g.stride = {1};
  g.pad = {0};
  g.dilation = {1};
  Tensor weights({1, 1, 2}), diff_dst({1, 1, 2}), src({1, 1, 3});
  const auto set = [](Tensor* tensor, std::vector<float> values) {
    std::copy(values.begin(), values.end(), tensor->data());
  };
  set(&weights, {1, 10});
  set(&diff_dst, {2, 3});
  set(&src, {5, 6, 7});
  Tensor diff_src({1, 1, 3}), diff_weights({1, 1, 2}), diff_bias({1});
  set(&diff_weights, {100, 200});
  set(&diff_bias, {1000});
  ReferenceConvolutionBackwardData(g, weights, diff_dst, &diff_src);
  EXPECT_THAT(diff_src.values(), ::testing::ElementsAre(2, 23, 30));
  ReferenceConvolutionBackwardWeights(g, src, diff_dst, &diff_weights,
                                      &diff_bias);
  EXPECT_THAT(diff_weights.values(),
              ::testing::ElementsAre(100 + 2 * 5 + 3 * 6, 200 + 2 * 6 + 3 * 7));
  EXPECT_THAT(diff_bias.values(), ::testing::ElementsAre(1005));
}

INSTANTIATE_TEST_SUITE_P(Random, CpuConvolutionTest, ::testing::Range(1, 41));

}  // namespace
}  // namespace quantd
