// Fake-quant nets beside the deploy nets of the same integers: equal bit for
// bit.
#include "engine/simulator/simulator.h"

#include <functional>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/integer/deploy_net.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr float kInverse = 23.7f;
constexpr int kOffset = -31;

caffe::NetParameter Parse(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  return net;
}

std::string InputText(const std::string& dims) {
  return absl::StrCat(
      "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { ", dims,
      " } } } ");
}

std::string QuantText(const std::string& bottom, const std::string& top,
                      float inverse = kInverse, int num_bits = 8) {
  return absl::StrCat("layer { name: 'quant' type: 'Quant' bottom: '", bottom,
                      "' top: '", top, "' quant_param { scale: ", inverse,
                      " offset: ", kOffset, " num_bits_d: ", num_bits, " } } ");
}

// A layer's integers and steps.
struct Weights {
  std::vector<int64_t> dims;
  std::vector<int> codes;
  std::vector<int> bias;
  std::vector<float> scale_w;          // One per channel, or one.
  std::function<int(int)> channel_of;  // Of a code's position.
};

void AddDims(const std::vector<int64_t>& dims, caffe::BlobProto* blob) {
  for (int64_t dim : dims) blob->mutable_shape()->add_dim(dim);
}

// `layer` of the deploy model.
caffe::LayerParameter Deploy(caffe::LayerParameter layer, const Weights& w) {
  caffe::BlobProto* codes = layer.add_blobs();
  AddDims(w.dims, codes);
  codes->set_int8_data(std::string(w.codes.begin(), w.codes.end()));
  if (w.bias.empty()) return layer;
  caffe::BlobProto* bias = layer.add_blobs();
  AddDims({static_cast<int64_t>(w.bias.size())}, bias);
  bias->mutable_int32_data()->Assign(w.bias.begin(), w.bias.end());
  return layer;
}

// `layer` of the fake-quant model.
caffe::LayerParameter Fake(caffe::LayerParameter layer, const Weights& w,
                           float scale_d) {
  const auto scale_w = [&w](int channel) {
    return w.scale_w[w.scale_w.size() == 1 ? 0 : channel];
  };
  caffe::BlobProto* weights = layer.add_blobs();
  AddDims(w.dims, weights);
  for (size_t i = 0; i < w.codes.size(); ++i) {
    weights->add_data(static_cast<float>(w.codes[i]) *
                      scale_w(w.channel_of(static_cast<int>(i))));
  }
  if (w.bias.empty()) return layer;
  caffe::BlobProto* bias = layer.add_blobs();
  AddDims({static_cast<int64_t>(w.bias.size())}, bias);
  for (size_t c = 0; c < w.bias.size(); ++c) {
    bias->add_data(static_cast<float>(w.bias[c]) *
                   (scale_w(static_cast<int>(c)) * scale_d));
  }
  return layer;
}

class SimulatorTest : public ::testing::Test {
 protected:
  // Random integers for a blob of `dims`.
  Weights Random(const std::vector<int64_t>& dims, int channels, bool bias,
                 std::function<int(int)> channel_of) {
    Weights w;
    w.dims = dims;
    w.channel_of = std::move(channel_of);
    int64_t size = 1;
    for (int64_t dim : dims) size *= dim;
    for (int64_t i = 0; i < size; ++i) w.codes.push_back(Draw(-127, 127));
    for (int c = 0; c < channels; ++c) {
      w.scale_w.push_back(
          ScaleOfInverse(100 + 0.001f * static_cast<float>(Draw(0, 1 << 20))));
      if (bias) w.bias.push_back(Draw(-50000, 50000));
    }
    return w;
  }

  int Draw(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random_);
  }

  // Runs `layer_text`, which reads 'q' and writes 'y', on random values of
  // `dims`, both ways. Returns the number of layers of the simulator.
  int ExpectEqual(const std::string& dims, const std::string& layer_text,
                  const Weights& w) {
    Weights large = w;
    for (int& bias : large.bias) bias *= 99;
    ExpectEqual(dims, layer_text, large, 181 * kInverse, 16);
    return ExpectEqual(dims, layer_text, w, kInverse, 8);
  }

  int ExpectEqual(const std::string& dims, const std::string& layer_text,
                  const Weights& w, float inverse, int num_bits) {
    const caffe::NetParameter layer = Parse(absl::StrCat(
        "layer { name: 'l' bottom: 'q' top: 'y' ", layer_text, " }"));
    const FakeQuantParams input = {ScaleOfInverse(inverse), kOffset, num_bits};
    caffe::NetParameter fake =
        Parse(InputText(dims) + QuantText("x", "q", inverse, num_bits));
    *fake.add_layer() = Fake(layer.layer(0), w, input.scale);
    caffe::NetParameter deploy = Parse(InputText(dims));
    *deploy.add_layer() = Deploy(layer.layer(0), w);
    deploy.mutable_layer(1)->set_bottom(0, "x");
    Net::Options options;
    options.inference = true;
    std::vector<std::string> float_sums;
    auto simulator = CreateSimulator(fake, options, {}, &float_sums);
    auto integers =
        DeployNet::Create(deploy, {{}, {{input}, w.scale_w, ""}}, options);
    EXPECT_OK(simulator.status());
    EXPECT_OK(integers.status());
    if (!simulator.ok() || !integers.ok()) return 0;
    EXPECT_THAT(float_sums, IsEmpty());
    Tensor* x = (*simulator)->MutableBlob("x").value();
    for (float& value : x->values()) {
      value = static_cast<float>(Draw(-8000, 8000)) * 0.001f;
    }
    const absl::Span<const float> values = x->values();
    std::copy(values.begin(), values.end(),
              (*integers)->net().MutableBlob("x").value()->data());
    EXPECT_OK((*simulator)->Forward());
    EXPECT_OK((*integers)->net().Forward());
    const auto y = (*simulator)->Blob("y").value()->values();
    const auto expected = (*integers)->net().Blob("y").value()->values();
    EXPECT_EQ(std::vector<float>(y.begin(), y.end()),
              std::vector<float>(expected.begin(), expected.end()));
    return (*simulator)->num_layers();
  }

  std::mt19937 random_{1};
};

TEST_F(SimulatorTest, ConvolutionsEqualTheIntegers) {
  // 3 layers: the Scale is done by the convolution.
  EXPECT_EQ(
      ExpectEqual(
          "dim: 2 dim: 32 dim: 19 dim: 17",
          "type: 'Convolution' convolution_param { num_output: 64 "
          "kernel_size: 3 pad: 1 }",
          Random({64, 32, 3, 3}, 64, true, [](int i) { return i / (32 * 9); })),
      3);
  EXPECT_EQ(
      ExpectEqual("dim: 1 dim: 6 dim: 7 dim: 5",
                  "type: 'Convolution' convolution_param { num_output: 4 "
                  "kernel_size: 3 stride: 2 pad: 1 group: 2 "
                  "bias_term: false }",
                  Random({4, 3, 3, 3}, 4, false, [](int i) { return i / 27; })),
      3);
  ExpectEqual("dim: 1 dim: 3 dim: 5 dim: 9 dim: 8",
              "type: 'Convolution' convolution_param { num_output: 5 "
              "kernel_size: 2 }",
              Random({5, 3, 2, 2, 2}, 5, true, [](int i) { return i / 24; }));
  // One step of all channels; the channels' axis from the end.
  const std::string one =
      "type: 'Convolution' convolution_param { num_output: 1 kernel_size: 2 ";
  const Weights w = Random({1, 3, 2, 2}, 1, true, [](int) { return 0; });
  ExpectEqual("dim: 1 dim: 3 dim: 5 dim: 9", one + "}", w);
  ExpectEqual("dim: 1 dim: 3 dim: 5 dim: 9", one + "axis: -3 }", w, kInverse,
              8);
}

TEST_F(SimulatorTest, DepthwiseKindsEqualTheIntegers) {
  for (const std::string type : {"DepthwiseConv", "ConvolutionDepthwise"}) {
    ExpectEqual("dim: 1 dim: 16 dim: 9 dim: 9",
                absl::StrCat("type: '", type,
                             "' convolution_param { num_output: 16 "
                             "kernel_size: 3 pad: 1 }"),
                Random({16, 1, 3, 3}, 16, true, [](int i) { return i / 9; }));
  }
}

TEST_F(SimulatorTest, DeconvolutionsEqualTheIntegers) {
  ExpectEqual("dim: 2 dim: 4 dim: 5 dim: 6",
              "type: 'Deconvolution' convolution_param { num_output: 6 "
              "kernel_size: 4 stride: 2 pad: 1 group: 2 }",
              Random({4, 3, 4, 4}, 6, true,
                     [](int i) { return i / (2 * 48) * 3 + i / 16 % 3; }));
}

TEST_F(SimulatorTest, InnerProductsEqualTheIntegers) {
  EXPECT_EQ(ExpectEqual("dim: 3 dim: 5 dim: 4",
                        "type: 'InnerProduct' inner_product_param { "
                        "num_output: 7 bias_term: false }",
                        Random({7, 20}, 1, false, [](int) { return 0; })),
            3);
  Weights w = Random({20, 7}, 1, false, [](int) { return 0; });
  for (int c = 0; c < 7; ++c) w.bias.push_back(Draw(-50000, 50000));
  const std::string text =
      "type: 'InnerProduct' inner_product_param { num_output: 7 "
      "transpose: true ";
  ExpectEqual("dim: 3 dim: 5 dim: 4", text + "}", w);
  ExpectEqual("dim: 3 dim: 5 dim: 4", text + "axis: -2 }", w, kInverse, 8);
}

// 127 and -3 steps of 0.5, on two neighbours.
constexpr char kSmallLayer[] =
    "layer { name: 'l' type: 'Convolution' bottom: 'q' top: 'y' "
    "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 2 bias_term: "
    "false } blobs { shape { dim: 1 dim: 1 dim: 1 dim: 2 } "
    "data: [63.5, -1.5] } } ";
constexpr char kSmallInput[] = "dim: 1 dim: 1 dim: 1 dim: 2";
constexpr char kSmallQuant[] =
    "layer { name: 'quant' type: 'Quant' bottom: 'x' top: 'q' "
    "quant_param { scale: 4 offset: 0 } } ";

absl::StatusOr<std::unique_ptr<Net>> RunNet(
    const std::string& text, const Net::Options& options,
    std::vector<std::string>* float_sums) {
  auto net = CreateSimulator(Parse(text), options, {}, float_sums);
  if (!net.ok()) return net;
  Tensor* x = (*net)->MutableBlob("x").value();
  x->data()[0] = 0.6f;
  x->data()[1] = -2;
  EXPECT_OK((*net)->Forward());
  return net;
}

std::vector<float> ValuesOf(const Net& net, const std::string& blob) {
  const auto values = net.Blob(blob).value()->values();
  return {values.begin(), values.end()};
}

TEST_F(SimulatorTest, ObservedQuantTopsAreReal) {
  const std::string text =
      absl::StrCat(InputText(kSmallInput), kSmallQuant, kSmallLayer);
  std::vector<std::string> float_sums;
  for (int way = 0; way < 3; ++way) {
    Net::Options options;
    options.inference = way > 0;
    if (way == 1) options.keep_blobs = {"q"};
    if (way == 2) options.watch_blobs = {"q"};
    ASSERT_OK_AND_ASSIGN(const auto net, RunNet(text, options, &float_sums));
    EXPECT_THAT(float_sums, IsEmpty());
    EXPECT_THAT(ValuesOf(*net, "y"), ElementsAre(0.5f * 63.5f + 2 * 1.5f));
    if (way < 2) {
      EXPECT_THAT(ValuesOf(*net, "q"), ElementsAre(0.5f, -2));
    }
  }
}

TEST_F(SimulatorTest, OtherReadersGetRealValues) {
  const std::string text = absl::StrCat(
      InputText(kSmallInput), kSmallQuant, kSmallLayer,
      "layer { name: 'p' type: 'Power' bottom: 'q' top: 'z' power_param { "
      "scale: 2 } }");
  Net::Options options;
  options.inference = true;
  std::vector<std::string> float_sums;
  ASSERT_OK_AND_ASSIGN(const auto net, RunNet(text, options, &float_sums));
  EXPECT_THAT(ValuesOf(*net, "y"), ElementsAre(0.5f * 63.5f + 2 * 1.5f));
  EXPECT_THAT(ValuesOf(*net, "z"), ElementsAre(1, -4));
}

TEST_F(SimulatorTest, InPlaceQuantLayersAreFollowed) {
  const std::string text =
      absl::StrCat(InputText(kSmallInput),
                   "layer { name: 'c' type: 'Power' bottom: 'x' top: 'q' } "
                   "layer { name: 'quant' type: 'Quant' bottom: 'q' top: 'q' "
                   "quant_param { scale: 4 offset: 0 } } ",
                   kSmallLayer);
  for (const bool inference : {false, true}) {
    Net::Options options;
    options.inference = inference;
    std::vector<std::string> float_sums;
    ASSERT_OK_AND_ASSIGN(const auto net, RunNet(text, options, &float_sums));
    EXPECT_THAT(ValuesOf(*net, "y"), ElementsAre(0.5f * 63.5f + 2 * 1.5f));
    if (!inference) {
      EXPECT_THAT(ValuesOf(*net, "q"), ElementsAre(0.5f, -2));
    }
  }
}

TEST_F(SimulatorTest, WhatIsNotWholeStaysFloat) {
  std::string odd = kSmallLayer;
  odd.replace(odd.find("63.5, -1.5"), 10, "1.5, 0.1234");
  Net::Options options;
  options.inference = true;
  std::vector<std::string> float_sums;
  ASSERT_OK(RunNet(absl::StrCat(InputText(kSmallInput), kSmallQuant, odd),
                   options, &float_sums)
                .status());
  EXPECT_THAT(float_sums, ElementsAre("l"));
}

TEST_F(SimulatorTest, LayersThatShareWeightsStayFloat) {
  std::string named = kSmallLayer;
  named.insert(named.find("blobs"), "param { name: 'w' } ");
  std::string other = named;
  other.replace(other.find("'l'"), 3, "'m'");
  other.replace(other.find("'y'"), 3, "'z'");
  Net::Options options;
  options.inference = true;
  std::vector<std::string> float_sums;
  const std::string before = absl::StrCat(InputText(kSmallInput), kSmallQuant);
  EXPECT_OK(RunNet(absl::StrCat(before, named), options, &float_sums).status());
  EXPECT_THAT(float_sums, IsEmpty());  // A name used once shares nothing.
  EXPECT_OK(RunNet(absl::StrCat(before, named, other), options, &float_sums)
                .status());
  EXPECT_THAT(float_sums, ElementsAre("l", "m"));
}

// An InnerProduct of 600 inputs with weights of 127, on codes of 255.
std::unique_ptr<Net> RunLargeSum(int num_weights, const std::string& axis,
                                 const std::string& dims,
                                 std::vector<std::string>* float_sums) {
  caffe::NetParameter net = Parse(absl::StrCat(
      InputText(dims),
      "layer { name: 'quant' type: 'Quant' bottom: 'x' top: 'q' "
      "quant_param { scale: 4 offset: -128 } } "
      "layer { name: 'l' type: 'InnerProduct' bottom: 'q' top: 'y' "
      "inner_product_param { num_output: 1 bias_term: false ",
      axis, " } blobs { shape { dim: 1 dim: 600 } } }"));
  caffe::BlobProto* weights = net.mutable_layer(2)->mutable_blobs(0);
  for (int i = 0; i < 600; ++i) weights->add_data(i < num_weights ? 127 : 0);
  Net::Options options;
  options.inference = true;
  auto simulator = CreateSimulator(net, options, {}, float_sums);
  EXPECT_OK(simulator.status());
  if (!simulator.ok()) return nullptr;
  for (float& x : (*simulator)->MutableBlob("x").value()->values()) x = 1e3f;
  EXPECT_OK((*simulator)->Forward());
  return *std::move(simulator);
}

TEST_F(SimulatorTest, SumsThatMayPassFloatAreSplit) {
  // 518 * 127 * 255 < 2^24: the layer as one, with its Scale.
  for (const int num_weights : {518, 519, 600}) {
    std::vector<std::string> float_sums;
    const auto net =
        RunLargeSum(num_weights, "", "dim: 3 dim: 600", &float_sums);
    ASSERT_NE(net, nullptr);
    EXPECT_THAT(float_sums, IsEmpty());
    EXPECT_EQ(net->num_layers(), num_weights == 518 ? 3 : 5);
    const float y = static_cast<float>(num_weights * 127 * 255) * 0.25f;
    EXPECT_THAT(ValuesOf(*net, "y"), ElementsAre(y, y, y));
  }
}

TEST_F(SimulatorTest, OverTheFirstAxisThereAreNoParts) {
  for (const int num_weights : {518, 519}) {
    std::vector<std::string> float_sums;
    ASSERT_NE(RunLargeSum(num_weights, "axis: 0", "dim: 600", &float_sums),
              nullptr);
    EXPECT_EQ(float_sums.size(), num_weights == 518 ? 0 : 1);
  }
}

TEST_F(SimulatorTest, FloatModelsStayAsTheyAre) {
  std::string layer = kSmallLayer;
  layer.replace(layer.find("'q'"), 3, "'x'");
  Net::Options options;
  options.inference = true;
  std::vector<std::string> float_sums;
  ASSERT_OK_AND_ASSIGN(const auto net,
                       RunNet(absl::StrCat(InputText(kSmallInput), layer),
                              options, &float_sums));
  EXPECT_EQ(net->num_layers(), 2);
  EXPECT_THAT(ValuesOf(*net, "y"), ElementsAre(0.6f * 63.5f + 2 * 1.5f));
}

}  // namespace
}  // namespace quantd::testing
