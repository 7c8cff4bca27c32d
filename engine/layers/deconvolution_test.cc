#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/testing/status_matchers.h"
#include "engine/kernels/reference/convolution.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

LayerTester Deconv(const std::string& fields) {
  return LayerTester(
      absl::StrCat("type: 'Deconvolution' bottom: 'x' top: 'y' "
                   "convolution_param { weight_filler { type: 'xavier' } ",
                   fields, " }"));
}

TEST(DeconvolutionLayerTest, SpreadsEachPixelOverItsWindow) {
  LayerTester deconv = Deconv("num_output: 1 kernel_size: 2 stride: 1");
  deconv.Input("x", {1, 1, 2, 2}, {1, 2, 3, 4});
  deconv.Blob({1, 1, 2, 2}, {1, 10, 100, 1000}).Blob({1}, {0.5});
  ASSERT_OK(deconv.Forward());
  EXPECT_EQ(deconv.OutputShape("y"), Shape({1, 1, 3, 3}));
  EXPECT_THAT(deconv.Output("y"), Values({1.5, 12.5, 20.5, 103.5, 1234.5,
                                          2040.5, 300.5, 3400.5, 4000.5}));
}

TEST(DeconvolutionLayerTest, PadCutsTheEdgeAndStrideLeavesHoles) {
  LayerTester deconv =
      Deconv("num_output: 1 kernel_size: 2 stride: 3 pad: 1 bias_term: false");
  deconv.Input("x", {1, 1, 3}, {1, 2, 3}).Blob({1, 1, 2}, {1, 10});
  ASSERT_OK(deconv.Forward());
  EXPECT_THAT(deconv.Output("y"), Values({10, 0, 2, 20, 0, 3}));
}

// The weights are (inputs, outputs / group, ...).
TEST(DeconvolutionLayerTest, GroupsHaveTheirOwnOutputs) {
  LayerTester deconv =
      Deconv("num_output: 4 kernel_size: 1 group: 2 bias_term: false");
  deconv.Input("x", {1, 2, 1, 1}, {1, 2});
  deconv.Blob({2, 2, 1, 1}, {1, 10, 100, 1000});
  ASSERT_OK(deconv.Forward());
  EXPECT_THAT(deconv.Output("y"), Values({1, 10, 200, 2000}));
}

// A random deconvolution of 1 to 4 spatial axes.
struct Case {
  ConvGeometry convolution;  // From top to bottom.
  std::vector<int64_t> bottom, top, weights;
  std::string fields;
};

Case MakeCase(uint32_t seed) {
  std::mt19937 random(seed);
  const auto between = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % (high - low + 1));
  };
  Case c;
  ConvGeometry& g = c.convolution;
  g.group = between(1, 3);
  g.channels_in = g.group * between(1, 9);
  g.channels_out = g.group * between(1, 9);
  const int64_t items = between(1, 3);
  c.bottom = {items, g.channels_out};
  c.top = {items, g.channels_in};
  c.weights = {g.channels_out, g.channels_in / g.group};
  const int64_t num_axes = between(1, 4);
  for (int axis = 0; axis < num_axes; ++axis) {
    g.kernel.push_back(between(1, 3));
    g.stride.push_back(between(1, 3));
    g.dilation.push_back(between(1, 2));
    const int64_t extent = g.KernelExtent(axis), size = between(1, 4);
    g.pad.push_back(between(0, (g.stride[axis] * (size - 1) + extent - 1) / 2));
    c.bottom.push_back(size);
    c.top.push_back(g.stride[axis] * (size - 1) + extent - 2 * g.pad[axis]);
    c.weights.push_back(g.kernel[axis]);
  }
  c.fields = absl::StrCat("num_output: ", g.channels_in, " group: ", g.group,
                          " kernel_size: [", absl::StrJoin(g.kernel, ","),
                          "] stride: [", absl::StrJoin(g.stride, ","),
                          "] pad: [", absl::StrJoin(g.pad, ","),
                          "] dilation: [", absl::StrJoin(g.dilation, ","), "]");
  return c;
}

class DeconvolutionAgainstReferenceTest : public ::testing::TestWithParam<int> {
};

TEST_P(DeconvolutionAgainstReferenceTest, Forward) {
  const Case c = MakeCase(GetParam());
  SCOPED_TRACE(c.fields);
  Tensor x(Shape::Create(c.bottom).value());
  Tensor w(Shape::Create(c.weights).value());
  Tensor y(Shape::Create(c.top).value());
  const std::vector<float> x_values = Noise(x.num_elements(), 1);
  const std::vector<float> w_values = Noise(w.num_elements(), 2);
  const std::vector<float> bias = Noise(c.top[1], 3);
  std::copy(x_values.begin(), x_values.end(), x.data());
  std::copy(w_values.begin(), w_values.end(), w.data());
  ReferenceConvolutionBackwardData(c.convolution, w, x, &y);
  std::vector<float> expected(y.values().begin(), y.values().end());
  for (size_t i = 0; i < expected.size(); ++i) {
    expected[i] += bias[i / y.shape().Count(2) % bias.size()];
  }

  LayerTester deconv = Deconv(c.fields);
  deconv.Input("x", x.shape(), x_values);
  deconv.Blob(w.shape(), w_values).Blob({c.top[1]}, bias);
  ASSERT_OK(deconv.Forward());
  EXPECT_EQ(deconv.OutputShape("y"), y.shape());
  EXPECT_THAT(deconv.Output("y"), Values(expected, 1e-4f));
}

INSTANTIATE_TEST_SUITE_P(Random, DeconvolutionAgainstReferenceTest,
                         ::testing::Range(1, 61));

TEST(DeconvolutionLayerTest, AxesBeforeTheChannelsAreItems) {
  LayerTester deconv =
      Deconv("num_output: 1 kernel_h: 1 kernel_w: 2 axis: -3 bias_term: false");
  deconv.Input("x", {2, 2, 1, 1, 1}, {1, 2, 3, 4});
  deconv.Blob({1, 1, 1, 2}, {1, 10});
  ASSERT_OK(deconv.Forward());
  EXPECT_EQ(deconv.OutputShape("y"), Shape({2, 2, 1, 1, 2}));
  EXPECT_THAT(deconv.Output("y"), Values({1, 10, 2, 20, 3, 30, 4, 40}));
}

TEST(DeconvolutionLayerTest, BottomsShareWeightsAndReshape) {
  LayerTester deconv(
      "type: 'Deconvolution' bottom: 'a' bottom: 'b' top: 'c' top: 'd' "
      "convolution_param { num_output: 1 kernel_size: 1 bias_term: false }");
  deconv.Blob({2, 1, 1, 1}, {2, 3});
  deconv.Input("a", {1, 2, 1, 1}, {1, 1}).Input("b", {1, 2, 1, 1}, {1, 0});
  ASSERT_OK(deconv.Forward());
  EXPECT_THAT(deconv.Output("c"), Values({5}));
  EXPECT_THAT(deconv.Output("d"), Values({2}));
  deconv.Input("a", {2, 2, 1, 1}, {1, 1, 0, 1});
  deconv.Input("b", {2, 2, 1, 1}, {1, 0, 0, 0});
  ASSERT_OK(deconv.Forward());
  EXPECT_THAT(deconv.Output("c"), Values({5, 3}));
  EXPECT_THAT(deconv.Output("d"), Values({2, 0}));
  deconv.Input("b", {1, 2, 1, 1});
  EXPECT_THAT(deconv.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "must be equal"));
}

TEST(DeconvolutionLayerTest, ChangedWeightsAreSeen) {
  LayerTester deconv = Deconv("num_output: 1 kernel_size: 1");
  deconv.Input("x", {1, 1, 1, 1}, {1}).Blob({1, 1, 1, 1}, {2}).Blob({1}, {0});
  ASSERT_OK(deconv.Forward());
  deconv.layer().blobs()[0].data()[0] = 7;
  deconv.layer().BlobsChanged();
  ASSERT_OK(deconv.Forward());
  EXPECT_THAT(deconv.Output("y"), Values({7}));
}

// Frozen weights are only there as the kernel packed them.
TEST(DeconvolutionLayerTest, FrozenWeightsServeOtherShapes) {
  LayerTester deconv = Deconv("num_output: 1 kernel_size: 2 stride: 2");
  deconv.Blob({1, 1, 2, 2}, {1, 10, 100, 1000}).Blob({1}, {0.5});
  deconv.Input("x", {1, 1, 1, 1}, {1});
  ASSERT_OK(deconv.Forward());
  deconv.layer().FreezeBlobs();
  ASSERT_OK(deconv.Forward());
  EXPECT_EQ(deconv.layer().blobs()[0].num_elements(), 1);
  deconv.Input("x", {2, 1, 1, 2}, {1, 2, 3, 4});
  ASSERT_OK(deconv.Forward());
  EXPECT_THAT(deconv.Output("y"),
              Values({1.5, 10.5, 2.5, 20.5, 100.5, 1000.5, 200.5, 2000.5, 3.5,
                      30.5, 4.5, 40.5, 300.5, 3000.5, 400.5, 4000.5}));
}

TEST(DeconvolutionLayerTest, EmptyBatch) {
  LayerTester deconv = Deconv("num_output: 2 kernel_size: 2 stride: 2");
  deconv.Input("x", {0, 1, 4, 4});
  ASSERT_OK(deconv.Forward());
  EXPECT_EQ(deconv.OutputShape("y"), Shape({0, 2, 8, 8}));
}

TEST(DeconvolutionLayerTest, RefusesBadFields) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"kernel_size: 3", "num_output"},
      {"num_output: 4294967295 kernel_size: 3", "num_output"},
      {"num_output: 2147483647 kernel_size: 65535", "elements"},
      {"num_output: 1 kernel_size: 1 stride: 65535", "elements"},
      {"num_output: 2", "kernel_size is missing"},
      {"num_output: 2 kernel_size: 0", "kernel_size is 0"},
      {"num_output: 2 kernel_size: 70000", "kernel_size is 70000"},
      {"num_output: 2 kernel_size: 3 stride: 0", "stride is 0"},
      {"num_output: 2 kernel_size: 3 dilation: 0", "dilation is 0"},
      {"num_output: 2 kernel_size: 3 pad: 5", "pad is 5"},
      {"num_output: 2 kernel_size: 3 pad: 4294967295", "pad is"},
      {"num_output: 2 kernel_size: 3 kernel_h: 3", "keep one"},
      {"num_output: 2 kernel_size: 3 group: 0", "group"},
      {"num_output: 3 kernel_size: 3 group: 2", "divide the 3 input"},
      {"num_output: 2 kernel_size: 3 axis: -5", "convolution_param.axis"},
      {"num_output: 2 kernel_size: 3 axis: 3", "spatial axes"}};
  for (const auto& [fields, message] : cases) {
    LayerTester deconv = Deconv(fields);
    deconv.Input("x", {1, 3, 8, 8});
    EXPECT_THAT(deconv.Forward(),
                StatusIs(StatusCode::kInvalidArgument, message))
        << fields;
  }
}

TEST(DeconvolutionLayerTest, RefusesBadShapes) {
  LayerTester deconv = Deconv("num_output: 2 kernel_size: 1");
  deconv.Input("x", {1, 3, 8, 8}, Noise(192));
  ASSERT_OK(deconv.Forward());
  deconv.Input("x", {1, 2, 8, 8});
  EXPECT_THAT(deconv.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "3 channels"));
  deconv.Input("x", {1, 3, 0, 8});
  EXPECT_THAT(deconv.Forward(),
              StatusIs(StatusCode::kInvalidArgument, "no pixels"));
  LayerTester arity(
      "type: 'Deconvolution' bottom: 'x' top: 'y' top: 'z' convolution_param { "
      "num_output: 1 kernel_size: 1 }");
  arity.Input("x", {1, 1, 1, 1});
  EXPECT_THAT(arity.Forward(), HasReason("LAYER_ARITY_INVALID"));
}

TEST(DeconvolutionLayerTest, Gradient) {
  for (const char* fields :
       {"kernel_size: 3", "kernel_size: 3 pad: 1 stride: 2 bias_term: false",
        "kernel_size: 2 group: 2", "kernel_size: 2 dilation: 2 pad: 1",
        "kernel_h: 1 kernel_w: 3 pad_w: 1"}) {
    SCOPED_TRACE(fields);
    LayerTester deconv = Deconv(absl::StrCat("num_output: 4 ", fields));
    deconv.Input("x", {2, 2, 3, 4}, Noise(48));
    ExpectGradients(deconv);
  }
}

TEST(DeconvolutionLayerTest, GradientOfOtherNumbersOfAxes) {
  for (const Shape& shape :
       {Shape({2, 2, 5}), Shape({1, 2, 3, 3, 2}), Shape({1, 1, 2, 2, 2, 2})}) {
    SCOPED_TRACE(shape.ToString());
    LayerTester deconv = Deconv("num_output: 2 kernel_size: 3 pad: 1");
    deconv.Input("x", shape, Noise(shape.num_elements()));
    ExpectGradients(deconv);
  }
}

TEST(DeconvolutionLayerTest, GradientsOfSeveralBottomsAddUp) {
  LayerTester deconv(
      "type: 'Deconvolution' bottom: 'a' bottom: 'b' top: 'c' top: 'd' "
      "convolution_param { num_output: 3 kernel_size: 2 axis: -2 "
      "weight_filler { type: 'xavier' } }");
  deconv.Input("a", {2, 2, 4}, Noise(16, 5));
  deconv.Input("b", {2, 2, 4}, Noise(16, 6));
  ExpectGradients(deconv);
}

}  // namespace
}  // namespace quantd::testing
