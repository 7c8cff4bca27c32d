// Small deploy models, worked out by hand.
#include "engine/integer/deploy_net.h"

#include <algorithm>
#include <cmath>
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

TEST_F(DeployNetTest, Int8WeightsOfOtherTypesAreRefused) {
  EXPECT_THAT(Make("dim: 1 dim: 2",
                   "type: 'Scale' blobs { shape { dim: 2 } int8_data: "
                   "'\\001\\001' }",
                   {{Params(1, 0)}, {1}}),
              HasReason("NETWORK_UNSUPPORTED"));
}

// A step of 2 sequences of a GRU with 2 inputs and 1 output, gates r, z, n.
class GruDeployNetTest : public DeployNetTest {
 protected:
  static constexpr float kStepD = 0.125f;
  static constexpr int kOffset = 3;
  static constexpr float kStepX = 0.01f;  // scale_w of W_x, W_s, W_h.
  static constexpr float kStepS = 0.02f;
  static constexpr float kStepH = 0.03f;
  static constexpr float kStepStatic = 0.25f;

  void MakeGru() {
    caffe::NetParameter model;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "layer { name: 'in' type: 'Input' top: 'x' top: 'cont' top: 's' "
        "  input_param { shape { dim: 3 dim: 2 dim: 2 } shape { dim: 3 dim: 2 "
        "  } shape { dim: 2 dim: 1 } } } "
        "layer { name: 'l' type: 'GRU' bottom: 'x' bottom: 'cont' bottom: 's' "
        "  top: 'y' recurrent_param { num_output: 1 } "
        "  blobs { shape { dim: 3 dim: 2 } "
        "          int8_data: '\\005\\366\\036\\002\\200\\177' } "
        "  blobs { shape { dim: 3 } int32_data: [7, -90, 400] } "
        "  blobs { shape { dim: 3 dim: 1 } int8_data: '\\012\\024\\342' } "
        "  blobs { shape { dim: 3 dim: 1 } int8_data: '\\144\\316\\120' } }",
        &model));
    Net::Options options;
    options.inference = true;
    auto net = DeployNet::Create(
        std::move(model),
        {{},
         {{Params(kStepD, kOffset), {}, Params(kStepStatic, -5)},
          {kStepX, kStepS, kStepH}}},
        options);
    ASSERT_OK(net.status());
    net_ = *std::move(net);
    Set("x", kX);
    Set("cont", {1, 0, 1, 1, 0.5f, 0});
    Set("s", kStatic);
  }

  void Set(const std::string& blob, const std::vector<float>& values) {
    Tensor* tensor = net_->net().MutableBlob(blob).value();
    ASSERT_EQ(tensor->num_elements(), static_cast<int64_t>(values.size()));
    std::copy(values.begin(), values.end(), tensor->data());
  }

  std::vector<float> Forward() {
    EXPECT_OK(net_->net().Forward());
    const auto y = net_->net().Blob("y").value()->values();
    return {y.begin(), y.end()};
  }

  static int64_t Whole(float x, float scale, int offset) {
    const auto q = static_cast<int64_t>(std::round(x / scale)) + offset;
    return std::clamp<int64_t>(q, -128, 127) - offset;
  }

  // One step of one sequence; `h` is cont h'.
  static float Next(const float* x, float s, float h) {
    constexpr int kWx[3][2] = {{5, -10}, {30, 2}, {-128, 127}};
    constexpr int kBias[3] = {7, -90, 400};
    constexpr int kWs[3] = {10, 20, -30};
    constexpr int kWh[3] = {100, -50, 80};
    float gates[3];
    const auto add_state = [&](int gate, float state) {
      gates[gate] +=
          static_cast<float>(kWh[gate] * Whole(state, kStepD, kOffset)) *
          (kStepD * kStepH);
    };
    for (int g = 0; g < 3; ++g) {
      int64_t sum = kBias[g];
      for (int k = 0; k < 2; ++k) {
        sum += kWx[g][k] * Whole(x[k], kStepD, kOffset);
      }
      gates[g] = static_cast<float>(sum) * (kStepD * kStepX);
      gates[g] += static_cast<float>(kWs[g] * Whole(s, kStepStatic, -5)) *
                  (kStepStatic * kStepS);
      if (g < 2) {
        add_state(g, h);
        gates[g] = 1 / (1 + std::exp(-gates[g]));
      }
    }
    add_state(2, gates[0] * h);
    return (1 - gates[1]) * h + gates[1] * std::tanh(gates[2]);
  }

  const std::vector<float> kX = {0.3f, -1,   2.1f, 0.7f,  -3,   0.05f,
                                 20,   0.1f, 0.9f, -0.6f, 1.3f, 0.2f};
  const std::vector<float> kStatic = {0.6f, -1.7f};
};

TEST_F(GruDeployNetTest, RoundsStatesAndSumsIntegers) {
  MakeGru();
  const std::vector<float> y = Forward();
  const float a0 = Next(&kX[0], kStatic[0], 0);
  const float a1 = Next(&kX[4], kStatic[0], a0);
  const float a2 = Next(&kX[8], kStatic[0], 0.5f * a1);
  const float b0 = Next(&kX[2], kStatic[1], 0);
  const float b1 = Next(&kX[6], kStatic[1], b0);
  const float b2 = Next(&kX[10], kStatic[1], 0);
  EXPECT_THAT(y, ElementsAre(a0, b0, a1, b1, a2, b2));

  ASSERT_EQ(net_->inputs().size(), 3u);
  EXPECT_EQ(net_->inputs()[1].bottom, 2);
  EXPECT_THAT(net_->inputs()[1].quantized->codes(), ElementsAre(-3, -12));
  EXPECT_EQ(net_->inputs()[2].bottom, DeployNet::kStates);
  const auto& states = net_->inputs()[2].quantized->codes();
  ASSERT_EQ(states.size(), 12u);  // Each step: cont h, r cont h.
  EXPECT_EQ(states[0], kOffset);
  EXPECT_EQ(states[4], Whole(a0, kStepD, kOffset) + kOffset);
  ASSERT_EQ(net_->recurrent_layers().size(), 1u);
  const auto& sums = net_->recurrent_layers()[0].products->sums();
  EXPECT_EQ(sums.size(), 3u * 2 * 3 + 2 * 3 + 3u * 2 * 3);
  EXPECT_EQ(sums[0], 7 + 5 * 2 + 10 * 8);
}

TEST_F(GruDeployNetTest, StatesAreCarriedAndCanBeSetBack) {
  MakeGru();
  const DeployNet::CarriedStates zero = net_->carried_states();
  const std::vector<float> first = Forward();
  const DeployNet::CarriedStates after = net_->carried_states();
  ASSERT_EQ(after.size(), 1u);
  EXPECT_THAT(after[0], ElementsAre(first[4], first[5]));
  const std::vector<float> second = Forward();
  EXPECT_EQ(second[0], Next(&kX[0], kStatic[0], first[4]));
  EXPECT_NE(second[0], first[0]);
  net_->SetCarriedStates(zero);
  EXPECT_EQ(Forward(), first);
  EXPECT_EQ(Forward(), second);
  net_->SetCarriedStates({});
  EXPECT_EQ(Forward(), first);
}

TEST_F(GruDeployNetTest, GoesOnWithForcedStates) {
  MakeGru();
  const std::vector<float> own = Forward();
  QuantizedInput* states = net_->inputs()[2].quantized;
  std::vector<int16_t> forced = states->codes();
  forced[5] += 40;
  states->Force(forced);
  net_->SetCarriedStates({{0, 0}});
  const std::vector<float> y = Forward();
  EXPECT_EQ(y[2], own[2]);
  EXPECT_NE(y[3], own[3]);
  EXPECT_EQ(states->codes()[5], forced[5] - 40);
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
