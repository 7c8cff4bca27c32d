#include "engine/jobs/verification/model_pair.h"

#include <string>

#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {
namespace {

using ::testing::HasSubstr;

caffe::NetParameter Parse(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net))
      << text;
  return net;
}

// Weights 2 -3, bias 10; steps 0.5 and 0.25.
constexpr char kDeploy[] =
    "layer { name: 'in' type: 'Input' top: 'x' }"
    "layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'c' "
    "  blobs { shape { dim: 1 dim: 2 dim: 1 dim: 1 } int8_data: '\\002\\375' }"
    "  blobs { shape { dim: 1 } int32_data: 10 } }"
    "layer { name: 'pool' type: 'Pooling' bottom: 'c' top: 'p' }";
constexpr char kFake[] =
    "layer { name: 'in' type: 'Input' top: 'x' }"
    "layer { name: 'q0' type: 'Quant' bottom: 'x' top: 'q0' "
    "  quant_param { scale: 2 offset: -7 num_bits_d: 8 } }"
    "layer { name: 'conv' type: 'Convolution' bottom: 'q0' top: 'c' "
    "  blobs { shape { dim: 1 dim: 2 dim: 1 dim: 1 } data: [0.5, -0.75] }"
    "  blobs { shape { dim: 1 } data: 1.25 } }"
    "layer { name: 'q1' type: 'Quant' bottom: 'c' top: 'q1' "
    "  quant_param { scale: 4 offset: 9 num_bits_d: 12 } }"
    "layer { name: 'pool' type: 'Pooling' bottom: 'q1' top: 'p' }";

std::vector<DeployFactors> Factors() {
  return {{},
          {{FakeQuantParams{0.5f, -7, 8}}, {0.25f}},
          {{FakeQuantParams{0.25f, 9, 16}}, {}}};
}

std::string Replaced(const std::string& text, const std::string& from,
                     const std::string& to) {
  EXPECT_THAT(text, HasSubstr(from));
  return absl::StrReplaceAll(text, {{from, to}});
}

TEST(ModelPairTest, FindsTheQuantLayerOfEachInput) {
  std::vector<DeployFactors> factors = Factors();
  const auto pairs = PairQuantLayers(Parse(kDeploy), Parse(kFake), &factors);
  ASSERT_OK(pairs);
  ASSERT_EQ(pairs->size(), 2u);
  EXPECT_EQ(pairs->at({"conv", 0}).blob, "q0");
  EXPECT_EQ(pairs->at({"pool", 0}).blob, "q1");
  EXPECT_EQ(pairs->at({"pool", 0}).params.num_bits, 12);
  EXPECT_EQ(factors[1].inputs[0]->num_bits, 8);
  EXPECT_EQ(factors[2].inputs[0]->num_bits, 12);
}

TEST(ModelPairTest, ModelsThatDoNotBelongTogetherAreErrors) {
  struct Case {
    const char* from;
    const char* to;
    const char* message;
  };
  const Case cases[] = {
      {"scale: 2 ", "scale: 2.5 ", "layer \"conv\": scale_d of input 0"},
      {"offset: -7", "offset: -8", "layer \"conv\": offset_d of input 0 is -7"},
      {"num_bits_d: 8", "num_bits_d: 9", "layer \"conv\": num_bits_d"},
      {"num_bits_d: 12", "num_bits_d: 8", "layer \"pool\": num_bits_d"},
      {"num_bits_d: 12", "num_bits_d: 17", "layer \"pool\": num_bits_d"},
      {"bottom: 'q1'", "bottom: 'c'", "quantized in the deploy model only"},
      {"name: 'pool'", "name: 'pooling'", "not in the deploy model"},
      {"'Pooling'", "'LRN'", "layer \"pool\": is of type Pooling"},
      {"bottom: 'q1'", "bottom: 'q1' bottom: 'x'", "has 1 bottoms"},
      {"'Input' top: 'x'", "'Input' top: 'z'", "layer \"in\": writes other"},
  };
  for (const Case& c : cases) {
    std::vector<DeployFactors> factors = Factors();
    const auto pairs = PairQuantLayers(
        Parse(kDeploy), Parse(Replaced(kFake, c.from, c.to)), &factors);
    EXPECT_THAT(pairs, HasReason("MODELS_NOT_COMPARABLE")) << c.to;
    EXPECT_THAT(std::string(pairs.status().message()), HasSubstr(c.message));
  }
  std::vector<DeployFactors> factors = Factors();
  factors[2].inputs[0].reset();
  const auto pairs = PairQuantLayers(Parse(kDeploy), Parse(kFake), &factors);
  EXPECT_THAT(std::string(pairs.status().message()),
              HasSubstr("quantized in the fake-quant model only"));
}

absl::StatusOr<IntegerDifference> Compare(const std::string& from,
                                          const std::string& to) {
  return CompareWeights(Parse(kDeploy).layer(1),
                        Parse(Replaced(kFake, from, to)).layer(2),
                        Factors()[1]);
}

TEST(ModelPairTest, CountsWeightsAndBiasesThatDiffer) {
  auto difference = Compare("-0.75", "-0.7500001");
  ASSERT_OK(difference);
  EXPECT_EQ(difference->num_elements(), 3);
  EXPECT_EQ(difference->num_differing(), 0);
  difference = Compare("-0.75", "-1.25");
  EXPECT_EQ(difference->num_differing(), 1);
  EXPECT_EQ(difference->max_steps(), 2);
  difference = Compare("data: 1.25", "data: 1e30");
  EXPECT_EQ(difference->num_differing(), 1);
  EXPECT_GT(difference->max_steps(), int64_t{1} << 39);
}

TEST(ModelPairTest, BiasesOfFinerInputsAreComparedAsFloatsResolve) {
  std::vector<DeployFactors> factors = Factors();
  factors[1].inputs[0]->num_bits = 12;
  // 2 steps of 0.125.
  const auto fake = Parse(Replaced(kFake, "data: 1.25", "data: 1.5"));
  auto difference =
      CompareWeights(Parse(kDeploy).layer(1), fake.layer(2), factors[1]);
  ASSERT_OK(difference);
  EXPECT_EQ(difference->num_differing(), 0);
  factors[1].inputs[0]->num_bits = 9;
  difference =
      CompareWeights(Parse(kDeploy).layer(1), fake.layer(2), factors[1]);
  ASSERT_OK(difference);
  EXPECT_EQ(difference->max_steps(), 1);
}

TEST(ModelPairTest, NonUniformWeightsAreCodesOfTheirTable) {
  std::vector<DeployFactors> factors = Factors();
  const auto compare = [&] {
    return CompareWeights(Parse(kDeploy).layer(1), Parse(kFake).layer(2),
                          factors[1]);
  };
  factors[1].weight_tables = std::string("\xfd", 1) + std::string(15, '\2');
  EXPECT_OK(compare());
  factors[1].weight_tables = std::string(16, '\2');
  EXPECT_THAT(compare(), HasReason("RECORD_INVALID"));
}

TEST(ModelPairTest, OtherBlobsAreErrors) {
  EXPECT_THAT(Compare("dim: 2 dim: 1 dim: 1 } data: [0.5, -0.75]",
                      "dim: 1 } data: 0.5"),
              HasReason("MODELS_NOT_COMPARABLE"));
  EXPECT_THAT(Compare("blobs { shape { dim: 1 } data: 1.25 }", ""),
              HasReason("MODELS_NOT_COMPARABLE"));
  EXPECT_THAT(Compare("data: 1.25", "data: nan"),
              HasReason("WEIGHT_NOT_FINITE"));
}

TEST(ModelPairTest, AllBlobsOfARecurrentLayerAreCompared) {
  const std::string deploy =
      "layer { name: 'l' type: 'LSTM' "
      "blobs { shape { dim: 4 dim: 1 } int8_data: '\\001\\002\\003\\004' } "
      "blobs { shape { dim: 4 } int32_data: [1, 2, 3, 4] } "
      "blobs { shape { dim: 4 dim: 1 } int8_data: '\\005\\006\\007\\001' } }";
  const std::string fake =
      "layer { name: 'l' type: 'LSTM' "
      "blobs { shape { dim: 4 dim: 1 } data: [0.5, 1, 1.5, 2] } "
      "blobs { shape { dim: 4 } data: [0.25, 0.5, 0.75, 1] } "
      "blobs { shape { dim: 4 dim: 1 } data: [20, 24, 28, 4] } }";
  const DeployFactors factors = {{FakeQuantParams{0.5f, 0, 8}}, {0.5f, 4}};
  const auto compare = [&](const std::string& other) {
    return CompareWeights(Parse(deploy).layer(0), Parse(other).layer(0),
                          factors);
  };
  auto difference = compare(fake);
  ASSERT_OK(difference);
  EXPECT_EQ(difference->num_elements(), 12);
  EXPECT_EQ(difference->num_differing(), 0);
  difference = compare(Replaced(fake, "28, 4", "28, 12"));
  ASSERT_OK(difference);
  EXPECT_EQ(difference->num_differing(), 1);
  EXPECT_EQ(difference->max_steps(), 2);
  EXPECT_EQ(compare(Replaced(fake, "0.75, 1]", "0.75, 2]"))->max_steps(), 4);
}

}  // namespace
}  // namespace quantd::testing
