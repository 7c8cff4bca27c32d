// Small deploy models, worked out by hand.
#include "engine/integer/deploy_net.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

FakeQuantParams Params(float scale, int offset, int num_bits = 8) {
  return {scale, offset, num_bits};
}

class DeployNetTest : public ::testing::Test {
 protected:
  // A net with input x of `shape` ("dim: 1 dim: 2") and one more layer, which
  // has `factors`.
  absl::Status Make(const std::string& shape, const std::string& layer,
                    const DeployFactors& factors) {
    caffe::NetParameter model;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrCat("layer { name: 'in' type: 'Input' top: 'x' input_param { "
                     "shape { ",
                     shape, " } } } layer { name: 'l' bottom: 'x' top: 'y' ",
                     layer, " }"),
        &model))
        << layer;
    Net::Options options;
    options.inference = true;
    auto net = DeployNet::Create(std::move(model), {{}, factors}, options);
    if (!net.ok()) return net.status();
    net_ = *std::move(net);
    return absl::OkStatus();
  }

  std::vector<float> Run(const std::vector<float>& x) {
    Tensor* input = net_->net().MutableBlob("x").value();
    EXPECT_EQ(input->num_elements(), static_cast<int64_t>(x.size()));
    std::copy(x.begin(), x.end(), input->data());
    EXPECT_OK(net_->net().Forward());
    const absl::Span<const float> y = net_->net().Blob("y").value()->values();
    return {y.begin(), y.end()};
  }

  std::unique_ptr<DeployNet> net_;
};

TEST_F(DeployNetTest, InnerProductSumsIntegersAndBiasAsStored) {
  // Weights 2 -3 / 1 127, bias 10 -1; steps 0.5, and 0.25 and 2.
  ASSERT_OK(Make("dim: 1 dim: 2",
                 "type: 'InnerProduct' inner_product_param { num_output: 2 } "
                 "blobs { shape { dim: 2 dim: 2 } "
                 "        int8_data: '\\002\\375\\001\\177' } "
                 "blobs { shape { dim: 2 } int32_data: [10, -1] }",
                 {{Params(0.5f, 3)}, {0.25f, 2}}));
  // 1 -> 2 steps, -0.8 -> -1.6, rounded -2; with the offset 5 and 1.
  EXPECT_THAT(Run({1, -0.8f}), ElementsAre(20 * 0.125f, -253.0f));
  ASSERT_EQ(net_->integer_layers().size(), 1u);
  EXPECT_THAT(net_->integer_layers()[0]->sums(), ElementsAre(20, -253));
  ASSERT_EQ(net_->inputs().size(), 1u);
  EXPECT_EQ(net_->inputs()[0].layer, "l");
  EXPECT_THAT(net_->inputs()[0].quantized->codes(), ElementsAre(5, 1));
}

TEST_F(DeployNetTest, LargeBiasesStayExact) {
  ASSERT_OK(Make("dim: 1 dim: 1",
                 "type: 'InnerProduct' inner_product_param { num_output: 1 } "
                 "blobs { shape { dim: 1 dim: 1 } int8_data: '\\001' } "
                 "blobs { shape { dim: 1 } int32_data: 2147483647 }",
                 {{Params(1, 0)}, {1}}));
  Run({3});
  EXPECT_THAT(net_->integer_layers()[0]->sums(), ElementsAre(2147483650));
}

TEST_F(DeployNetTest, ConvolutionPadsWithWhatStandsForZero) {
  ASSERT_OK(Make("dim: 1 dim: 1 dim: 1 dim: 3",
                 "type: 'Convolution' convolution_param { num_output: 1 "
                 "kernel_h: 1 kernel_w: 3 pad_h: 0 pad_w: 1 bias_term: false } "
                 "param { lr_mult: 1 } "
                 "blobs { shape { dim: 1 dim: 1 dim: 1 dim: 3 } "
                 "        int8_data: '\\001\\002\\004' }",
                 {{Params(1, -128)}, {1}}));
  EXPECT_THAT(Run({1, 10, 100}), ElementsAre(2 + 40, 1 + 20 + 400, 10 + 200));
}

TEST_F(DeployNetTest, DepthwiseKindsHaveAGroupPerChannel) {
  ASSERT_OK(Make("dim: 1 dim: 2 dim: 1 dim: 1",
                 "type: 'DepthwiseConv' convolution_param { num_output: 2 "
                 "kernel_size: 1 bias_term: false } "
                 "blobs { shape { dim: 2 dim: 1 dim: 1 dim: 1 } "
                 "        int8_data: '\\003\\005' }",
                 {{Params(1, 0)}, {1, 10}}));
  EXPECT_THAT(Run({2, 4}), ElementsAre(6, 200));
}

TEST_F(DeployNetTest, DeconvolutionSpreadsItsInput) {
  ASSERT_OK(Make("dim: 1 dim: 1 dim: 1 dim: 2",
                 "type: 'Deconvolution' convolution_param { num_output: 1 "
                 "kernel_h: 1 kernel_w: 2 stride_h: 1 stride_w: 1 } "
                 "blobs { shape { dim: 1 dim: 1 dim: 1 dim: 2 } "
                 "        int8_data: '\\001\\002' } "
                 "blobs { shape { dim: 1 } int32_data: 100 }",
                 {{Params(1, 7)}, {1}}));
  EXPECT_THAT(Run({3, 5}), ElementsAre(103, 6 + 5 + 100, 110));
}

TEST_F(DeployNetTest, LayersWithoutWeightsRunOnQuantizedInputs) {
  ASSERT_OK(Make("dim: 1 dim: 2", "type: 'Power' power_param { scale: 3 }",
                 {{Params(0.5f, 0)}, {}}));
  EXPECT_THAT(Run({0.3f, -0.7f}), ElementsAre(1.5f, -1.5f));
  EXPECT_TRUE(net_->integer_layers().empty());
  ASSERT_EQ(net_->inputs().size(), 1u);
  net_->inputs()[0].quantized->Force({4, 6});
  EXPECT_THAT(Run({0.3f, -0.7f}), ElementsAre(6, 9));
  EXPECT_THAT(net_->inputs()[0].quantized->codes(), ElementsAre(1, -1));
}

TEST_F(DeployNetTest, BlobsThatDoNotFitAreErrorsThatNameTheLayer) {
  const std::string type =
      "type: 'InnerProduct' inner_product_param { num_output: 2 } ";
  const std::string codes =
      "blobs { shape { dim: 2 dim: 2 } int8_data: '\\001\\001\\001\\001' } ";
  const DeployFactors factors = {{Params(1, 0)}, {1}};
  struct Case {
    std::string layer;
    DeployFactors factors;
    std::string reason;
    std::string message;
  };
  const Case cases[] = {
      {type + "blobs { shape { dim: 2 dim: 2 } int8_data: '\\001' } blobs { "
              "shape { dim: 2 } int32_data: [1, 2] }",
       factors, "MODEL_WEIGHTS_MISMATCH", "blob 0"},
      {type + "blobs { shape { dim: 4 dim: 1 } int8_data: "
              "'\\001\\001\\001\\001' } blobs { shape { dim: 2 } int32_data: "
              "[1, 2] }",
       factors, "MODEL_WEIGHTS_MISMATCH", "the layer expects 2x2"},
      {type + codes, factors, "MODEL_WEIGHTS_MISMATCH", "the bias, has 0"},
      {type + codes + "blobs { shape { dim: 2 } int32_data: 1 }", factors,
       "MODEL_WEIGHTS_MISMATCH", "blob 1"},
      {type + codes + "blobs { shape { dim: 2 } data: [1, 2] }", factors,
       "MODEL_WEIGHTS_MISMATCH", "not in int32_data"},
      {type + codes + "blobs { shape { dim: 2 } int32_data: [1, 2] }",
       {{Params(1, 0)}, {1, 1, 1}},
       "RECORD_INVALID",
       "weight.scale has 3 values"},
  };
  for (const Case& c : cases) {
    const absl::Status status = Make("dim: 1 dim: 2", c.layer, c.factors);
    EXPECT_THAT(status, HasReason(c.reason)) << c.layer;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
    EXPECT_THAT(std::string(status.message()), HasSubstr("\"l\""));
  }
}

}  // namespace
}  // namespace quantd::testing
