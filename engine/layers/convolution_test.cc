#include "engine/kernels/reference/convolution.h"

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/layers/testing/gradient_check.h"
#include "engine/layers/testing/layer_test_util.h"

namespace quantd::testing {
namespace {

using ::absl::StatusCode;

TEST(ConvolutionLayerTest, SumsThePaddedWindow) {
  LayerTester conv(
      "type: 'Convolution' bottom: 'x' top: 'y' convolution_param { "
      "num_output: 1 kernel_size: 3 pad: 1 stride: 2 }");
  conv.Input("x", {1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  conv.Blob({1, 1, 3, 3}, {1, 1, 1, 1, 1, 1, 1, 1, 1}).Blob({1}, {0.5});
  ASSERT_OK(conv.Forward());
  EXPECT_EQ(conv.OutputShape("y"), Shape({1, 1, 2, 2}));
  EXPECT_THAT(conv.Output("y"), Values({12.5, 16.5, 24.5, 28.5}));
}

struct Case {
  std::string name;
  Shape bottom;
  std::string param;
  Shape weights;
  ConvGeometry geometry;  // Channels are taken from the shapes.
  std::string type = "Convolution";
};

class ConvolutionAgainstReferenceTest : public ::testing::TestWithParam<Case> {
};

TEST_P(ConvolutionAgainstReferenceTest, Forward) {
  const Case& c = GetParam();
  LayerTester conv(absl::StrCat("type: '", c.type,
                                "' bottom: 'x' top: 'y' convolution_param { ",
                                c.param, " }"));
  const std::vector<float> x = Noise(c.bottom.num_elements(), 1);
  const std::vector<float> w = Noise(c.weights.num_elements(), 2);
  const std::vector<float> b = Noise(c.weights[0], 3);
  conv.Input("x", c.bottom, x).Blob(c.weights, w).Blob({c.weights[0]}, b);
  ASSERT_OK(conv.Forward());

  ConvGeometry geometry = c.geometry;
  geometry.channels_in = c.bottom[1];
  geometry.channels_out = c.weights[0];
  geometry.group = c.bottom[1] / c.weights[1];
  Tensor src(c.bottom), weights(c.weights), bias({c.weights[0]});
  std::copy(x.begin(), x.end(), src.data());
  std::copy(w.begin(), w.end(), weights.data());
  std::copy(b.begin(), b.end(), bias.data());
  Tensor dst(conv.OutputShape("y"));
  ReferenceConvolution(geometry, src, weights, &bias, &dst);
  EXPECT_THAT(conv.Output("y"),
              Values({dst.values().begin(), dst.values().end()}, 1e-4f));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ConvolutionAgainstReferenceTest,
    ::testing::Values(
        Case{"Groups",
             {2, 4, 7, 5},
             "num_output: 6 kernel_size: 3 group: 2",
             {6, 2, 3, 3},
             {0, 0, 1, {3, 3}, {1, 1}, {0, 0}, {1, 1}}},
        Case{"Dilation",
             {1, 3, 11, 9},
             "num_output: 5 kernel_size: 3 dilation: 2 pad: 2 stride: 2",
             {5, 3, 3, 3},
             {0, 0, 1, {3, 3}, {2, 2}, {2, 2}, {2, 2}}},
        Case{"RectByFields",
             {1, 17, 9, 10},
             "num_output: 33 kernel_h: 1 kernel_w: 4 stride_h: 2 stride_w: 3 "
             "pad_h: 1 pad_w: 2",
             {33, 17, 1, 4},
             {0, 0, 1, {1, 4}, {2, 3}, {1, 2}, {1, 1}}},
        Case{"PadOverKernel",
             {1, 2, 3, 3},
             "num_output: 16 kernel_size: 2 pad: 5",
             {16, 2, 2, 2},
             {0, 0, 1, {2, 2}, {1, 1}, {5, 5}, {1, 1}}},
        Case{"OneAxis",
             {2, 3, 9},
             "num_output: 4 kernel_size: 3 stride: 2",
             {4, 3, 3},
             {0, 0, 1, {3}, {2}, {0}, {1}}},
        Case{"ThreeAxes",
             {1, 2, 4, 5, 6},
             "num_output: 3 kernel_size: [1, 2, 3] pad: [0, 1, 1]",
             {3, 2, 1, 2, 3},
             {0, 0, 1, {1, 2, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}}},
        Case{"FourAxes",
             {1, 2, 2, 3, 2, 3},
             "num_output: 3 kernel_size: 2",
             {3, 2, 2, 2, 2, 2},
             {0, 0, 1, {2, 2, 2, 2}, {1, 1, 1, 1}, {0, 0, 0, 0}, {1, 1, 1, 1}}},
        Case{"Depthwise",
             {2, 16, 8, 8},
             "num_output: 32 kernel_size: 3 pad: 1 group: 1",
             {32, 1, 3, 3},
             {0, 0, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
             "DepthwiseConv"},
        Case{"DepthwiseOfCann",
             {1, 6, 7, 8},
             "num_output: 6 kernel_size: 3 stride: 2",
             {6, 1, 3, 3},
             {0, 0, 1, {3, 3}, {2, 2}, {0, 0}, {1, 1}},
             "DepthwiseConvolution"},
        Case{"DepthwiseWithoutOutputs",
             {2, 4, 5, 6},
             "num_output: 3 group: 7 kernel_size: 3 stride: 1 pad: 1",
             {4, 1, 3, 3},
             {0, 0, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
             "ConvolutionDepthwise"}),
    [](const auto& info) { return info.param.name; });

TEST(ConvolutionLayerTest, BottomsShareWeightsAndReshape) {
  LayerTester conv(
      "type: 'Convolution' bottom: 'a' bottom: 'b' top: 'c' top: 'd' "
      "convolution_param { num_output: 1 kernel_size: 1 bias_term: false }");
  conv.Blob({1, 2, 1, 1}, {2, 3});
  conv.Input("a", {1, 2, 1, 1}, {1, 1}).Input("b", {1, 2, 1, 1}, {1, 0});
  ASSERT_OK(conv.Forward());
  EXPECT_THAT(conv.Output("c"), Values({5}));
  EXPECT_THAT(conv.Output("d"), Values({2}));
  conv.Input("a", {2, 2, 1, 1}, {1, 1, 0, 1});
  conv.Input("b", {2, 2, 1, 1}, {1, 0, 0, 0});
  ASSERT_OK(conv.Forward());
  EXPECT_THAT(conv.Output("c"), Values({5, 3}));
  EXPECT_THAT(conv.Output("d"), Values({2, 0}));
}

TEST(ConvolutionLayerTest, ChangedWeightsAreSeen) {
  LayerTester conv(
      "type: 'Convolution' bottom: 'x' top: 'y' convolution_param { "
      "num_output: 1 kernel_size: 1 }");
  conv.Input("x", {1, 1, 1, 1}, {1}).Blob({1, 1, 1, 1}, {2}).Blob({1}, {0});
  ASSERT_OK(conv.Forward());
  EXPECT_THAT(conv.Output("y"), Values({2}));
  Layer& layer = conv.net()->mutable_layer(1);
  layer.blobs()[0].data()[0] = 7;
  layer.BlobsChanged();
  ASSERT_OK(conv.Forward());
  EXPECT_THAT(conv.Output("y"), Values({7}));
}

TEST(ConvolutionLayerTest, EmptyBatch) {
  LayerTester conv(
      "type: 'Convolution' bottom: 'x' top: 'y' convolution_param { "
      "num_output: 2 kernel_size: 1 }");
  conv.Input("x", {0, 1, 4, 4});
  ASSERT_OK(conv.Forward());
  EXPECT_EQ(conv.OutputShape("y"), Shape({0, 2, 4, 4}));
}

struct BadCase {
  std::string param;
  std::string message;
};

class ConvolutionErrorTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(ConvolutionErrorTest, IsRefused) {
  LayerTester conv(
      absl::StrCat("type: 'Convolution' bottom: 'x' top: 'y' "
                   "convolution_param { ",
                   GetParam().param, " }"));
  conv.Input("x", {1, 3, 8, 8});
  EXPECT_THAT(conv.Forward(),
              StatusIs(StatusCode::kInvalidArgument, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, ConvolutionErrorTest,
    ::testing::Values(
        BadCase{"kernel_size: 3", "num_output"},
        BadCase{"num_output: 4294967295 kernel_size: 3", "num_output"},
        BadCase{"num_output: 2147483647 kernel_size: 65535", "elements"},
        BadCase{"num_output: 200000 kernel_size: 33", "blob of shape"},
        BadCase{"num_output: 2", "kernel_size is missing"},
        BadCase{"num_output: 2 kernel_size: 0", "kernel_size is 0"},
        BadCase{"num_output: 2 kernel_size: 70000", "kernel_size is 70000"},
        BadCase{"num_output: 2 kernel_size: 9", "kernel_size covers 9"},
        BadCase{"num_output: 2 kernel_size: 3 dilation: 4", "covers 9"},
        BadCase{"num_output: 2 kernel_h: 3", "kernel_size is 0"},
        BadCase{"num_output: 2 kernel_size: 3 kernel_h: 3", "keep one"},
        BadCase{"num_output: 2 kernel_size: [1, 2, 3]", "given 3 times"},
        BadCase{"num_output: 2 kernel_size: 3 stride: 0", "stride is 0"},
        BadCase{"num_output: 2 kernel_size: 3 dilation: 0", "dilation is 0"},
        BadCase{"num_output: 2 kernel_size: 3 pad: 4294967295", "pad is"},
        BadCase{"num_output: 2 kernel_size: 3 group: 0", "group"},
        BadCase{"num_output: 2 kernel_size: 3 group: 2", "divide the 3 input"},
        BadCase{"num_output: 2 kernel_size: 3 axis: 7", "axis 7"},
        BadCase{"num_output: 2 kernel_size: 3 axis: 3", "spatial axes"},
        BadCase{"num_output: 2 kernel_size: 3 weight_filler { type: 'x' }",
                "filler"}));

TEST(ConvolutionLayerTest, WeightsThatDoNotFitNameBothShapes) {
  LayerTester conv(
      "name: 'c1' type: 'Convolution' bottom: 'x' top: 'y' "
      "convolution_param { num_output: 2 kernel_size: 3 bias_term: false }");
  conv.Input("x", {1, 3, 8, 8}).Blob({2, 1, 3, 3}, Noise(18));
  const absl::Status status = conv.Forward();
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition,
                               "layer \"c1\" (Convolution): blob 0: the "
                               "weights have shape 2x1x3x3, the layer expects "
                               "2x3x3x3"));
  EXPECT_THAT(status, HasReason("MODEL_WEIGHTS_MISMATCH"));
}

TEST(ConvolutionLayerTest, Gradient) {
  for (const char* fields :
       {"kernel_size: 3", "kernel_size: 3 pad: 1 stride: 2 bias_term: false",
        "kernel_size: 2 group: 2", "kernel_size: 2 dilation: 2 pad: 1",
        "kernel_h: 1 kernel_w: 3 pad_w: 1"}) {
    SCOPED_TRACE(fields);
    LayerTester convolution(absl::StrCat(
        "type: 'Convolution' bottom: 'x' top: 'y' convolution_param { "
        "num_output: 4 weight_filler { type: 'xavier' } ",
        fields, " }"));
    convolution.Input("x", {2, 2, 5, 4}, Noise(80));
    ExpectGradients(convolution);
  }
}

TEST(ConvolutionLayerTest, GradientOfOtherNumbersOfAxes) {
  const std::string layer =
      "type: 'Convolution' bottom: 'x' top: 'y' convolution_param { "
      "num_output: 2 kernel_size: 2 pad: 1 weight_filler { type: 'xavier' } }";
  for (const Shape& shape :
       {Shape({2, 2, 5}), Shape({1, 2, 3, 3, 2}), Shape({1, 1, 2, 2, 2, 2})}) {
    SCOPED_TRACE(shape.ToString());
    LayerTester convolution(layer);
    convolution.Input("x", shape, Noise(shape.num_elements()));
    ExpectGradients(convolution);
  }
}

TEST(ConvolutionLayerTest, GradientsOfSeveralBottomsAddUp) {
  LayerTester convolution(
      "type: 'Convolution' bottom: 'a' bottom: 'b' top: 'c' top: 'd' "
      "convolution_param { num_output: 3 kernel_size: 2 axis: -2 "
      "weight_filler { type: 'xavier' } }");
  convolution.Input("a", {2, 2, 4}, Noise(16, 5));
  convolution.Input("b", {2, 2, 4}, Noise(16, 6));
  ExpectGradients(convolution);
}

}  // namespace
}  // namespace quantd::testing
