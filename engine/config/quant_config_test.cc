#include "engine/config/quant_config.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/testing/status_matchers.h"
#include "engine/config/parse_quant_config.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

caffe::NetParameter Net() {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        layer { name: "data" type: "Input" top: "data" }
        layer { name: "conv1" type: "Convolution" bottom: "data" top: "c" }
        layer { name: "bn1" type: "BatchNorm" bottom: "c" top: "b" }
        layer {
          name: "sum"
          type: "Eltwise"
          bottom: "b"
          bottom: "data"
          top: "s"
        }
        layer { name: "ip1" type: "InnerProduct" bottom: "s" top: "ip" }
        layer { name: "drop" type: "Dropout" bottom: "ip" top: "d" }
      )pb",
      &net));
  return net;
}

// The golden text: AMCT's layout of the defaults for Net().
std::string Golden() {
  const std::string activation = R"(            "num_bits":8,
            "max_percentile":0.999999,
            "min_percentile":0.999999,
            "search_range":[
                0.7,
                1.3
            ],
            "search_step":0.01
)";
  const std::string in_list =
      absl::StrReplaceAll("            " + activation.substr(12),
                          {{"            \"", "                \""},
                           {"                0.7", "                    0.7"},
                           {"                1.3", "                    1.3"},
                           {"            ]", "                ]"}});
  return absl::StrCat(R"({
    "version":1,
    "batch_num":1,
    "activation_offset":true,
    "do_fusion":true,
    "skip_fusion_layers":[],
    "conv1":{
        "quant_enable":true,
        "activation_quant_params":{
)",
                      activation, R"(        },
        "weight_quant_params":{
            "wts_algo":"arq_quantize",
            "channel_wise":true,
            "num_bits":8
        }
    },
    "bn1":{
        "quant_enable":false,
        "activation_quant_params":{
)",
                      activation, R"(        }
    },
    "sum":{
        "quant_enable":true,
        "activation_quant_params":[
            {
)",
                      in_list, R"(            },
            {
)",
                      in_list, R"(            }
        ]
    },
    "ip1":{
        "quant_enable":true,
        "activation_quant_params":{
)",
                      activation, R"(        },
        "weight_quant_params":{
            "wts_algo":"arq_quantize",
            "channel_wise":false,
            "num_bits":8
        }
    }
})");
}

absl::StatusOr<QuantConfig> Parse(const std::string& text) {
  return ParseQuantConfig(text, "config.json", Net());
}
absl::StatusOr<QuantConfig> ParseConv(const std::string& text) {
  return Parse(absl::StrCat("{\"conv1\":{", text, "}}"));
}
absl::StatusOr<QuantConfig> ParseActivation(const std::string& text) {
  return ParseConv(absl::StrCat("\"activation_quant_params\":{", text, "}"));
}
absl::StatusOr<QuantConfig> ParseWeights(const std::string& text) {
  return ParseConv(absl::StrCat("\"weight_quant_params\":{", text, "}"));
}

TEST(QuantConfigTest, DefaultsAreWrittenAsAmctWritesThem) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, DefaultQuantConfig(Net()));
  EXPECT_EQ(QuantConfigToJson(config), Golden());
}

TEST(QuantConfigTest, WhatIsWrittenReadsBack) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, Parse(Golden()));
  EXPECT_EQ(QuantConfigToJson(config), Golden());
}

TEST(QuantConfigTest, EveryValueIsRead) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, Parse(R"({
    "version":1, "batch_num":7, "activation_offset":false,
    "joint_quant":false, "do_fusion":false, "skip_fusion_layers":["conv1"],
    "update_bn":false, "bn_update_config":{"bn_update_iterations":30},
    "sum":{"quant_enable":true, "activation_quant_params":[{"num_bits":12},
      {"max_percentile":1.0, "min_percentile":0.9, "search_range":[0.3,1.7],
       "search_step":1.4, "with_offset":true}]}})"));
  EXPECT_EQ(config.batch_num, 7);
  EXPECT_FALSE(config.activation_offset);
  EXPECT_FALSE(config.do_fusion);
  EXPECT_THAT(config.skip_fusion_layers, ElementsAre("conv1"));
  const LayerQuantConfig& sum = *config.FindLayer("sum");
  EXPECT_EQ(sum.activations[0].num_bits, 12);
  EXPECT_FALSE(sum.activations[0].with_offset.has_value());
  EXPECT_EQ(sum.activations[1].max_percentile, 1.0f);
  EXPECT_EQ(sum.activations[1].min_percentile, 0.9f);
  EXPECT_EQ(sum.activations[1].search_range_start, 0.3f);
  EXPECT_EQ(sum.activations[1].search_range_end, 1.7f);
  EXPECT_EQ(sum.activations[1].search_step, 1.4f);
  EXPECT_EQ(sum.activations[1].with_offset, true);
  EXPECT_NE(QuantConfigToJson(config).find("\"with_offset\":true"),
            std::string::npos);
}

TEST(QuantConfigTest, AMissingLayerIsSwitchedOff) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, ParseConv(""));
  EXPECT_TRUE(config.FindLayer("conv1")->quant_enable);
  EXPECT_FALSE(config.FindLayer("ip1")->quant_enable);
  EXPECT_FALSE(config.FindLayer("bn1")->quant_enable);
}

TEST(QuantConfigTest, AnObjectHoldsForEveryInput) {
  ASSERT_OK_AND_ASSIGN(
      const QuantConfig config,
      Parse(R"({"sum":{"activation_quant_params":{"num_bits":9}}})"));
  EXPECT_EQ(config.FindLayer("sum")->activations[0].num_bits, 9);
  EXPECT_EQ(config.FindLayer("sum")->activations[1].num_bits, 9);
}

TEST(QuantConfigTest, UnknownLayersAreNamedWithSuggestions) {
  const auto config = Parse(R"({"conv9":{}})");
  EXPECT_THAT(config, AllOf(HasReason("LAYER_NOT_FOUND"),
                            StatusIs(kInvalid,
                                     "Layer conv9 does not exist in "
                                     "the graph. Did you mean "
                                     "conv1?")));
  EXPECT_EQ(GetErrorMetadata(config.status())["suggestions"], "conv1");
  EXPECT_THAT(
      Parse(R"({"batch_nums":2})"),
      StatusIs(kInvalid, "batch_nums is an invalid layer name or parameter."));
  EXPECT_THAT(Parse(R"({"skip_fusion_layers":["bn2"]})"),
              AllOf(HasReason("LAYER_NOT_FOUND"),
                    StatusIs(kInvalid,
                             "Layer \"bn2\" in skip_fusion_layers "
                             "does not exist in the graph.")));
}

TEST(QuantConfigTest, LayersThatCannotBeQuantizedOrFusedAreRefused) {
  EXPECT_THAT(Parse(R"({"drop":{}})"),
              AllOf(HasReason("OPTION_CONFLICT"),
                    StatusIs(kInvalid, "layer drop does not support quant.")));
  EXPECT_THAT(Parse(R"({"skip_fusion_layers":["sum"]})"),
              HasReason("OPTION_CONFLICT"));
  EXPECT_THAT(Parse(R"({"sum":{"weight_quant_params":{}}})"),
              HasReason("OPTION_CONFLICT"));
}

TEST(QuantConfigTest, UnknownAndRepeatedKeysAreNamed) {
  EXPECT_THAT(ParseConv("\"quant\":true"),
              AllOf(HasReason("CONFIG_PARSE"),
                    StatusIs(kInvalid,
                             "Unknown parameter quant in layer in layer "
                             "conv1")));
  EXPECT_THAT(
      ParseActivation("\"bits\":8"),
      StatusIs(kInvalid, "Unknown parameter bits in activation_quant_params"));
  EXPECT_THAT(ParseWeights("\"max_iteration\":8"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(Parse(R"({"conv1":{"quant_enable":true,"quant_enable":false}})"),
              StatusIs(kInvalid, "repeated items are [conv1.quant_enable]"));
}

TEST(QuantConfigTest, RepeatedSkipFusionLayersAreNamed) {
  EXPECT_THAT(
      Parse(R"({"conv1":{}, "skip_fusion_layers":["conv1","bn1","conv1"]})"),
      AllOf(HasReason("CONFIG_PARSE"),
            StatusIs(kInvalid,
                     "Please delete repeated items in skip_fusion_layers, "
                     "repeated items are [conv1]")));
}

// create_quant_config's example in the guide, as it is printed.
TEST(QuantConfigTest, TheGuidesExampleIsRead) {
  caffe::NetParameter net = Net();
  net.mutable_layer(4)->set_name("conv2");
  ASSERT_OK_AND_ASSIGN(const QuantConfig config,
                       ParseQuantConfig(R"({
    "version":1,
    "batch_num":2,
    "activation_offset":true,
    "joint_quant":false,
    "do_fusion":true,
    "skip_fusion_layers":[],
    "conv1":{
        "quant_enable":true,
        "activation_quant_params":{
            "num_bits":8,
            "max_percentile":0.999999,
            "min_percentile":0.999999,
            "search_range":[
                0.7,
                1.3
            ],
            "search_step":0.01
        },
        "weight_quant_params":{
            "wts_algo":"arq_quantize",
            "channel_wise":true,
            "num_bits":8
        }
    },
    "conv2":{
        "quant_enable":true,
        "activation_quant_params":{
            "num_bits":8,
            "max_percentile":0.999999,
            "min_percentile":0.999999,
            "search_range":[
                0.7,
                1.3
            ],
            "search_step":0.01
        },
        "weight_quant_params":{
            "wts_algo":"arq_quantize",
            "channel_wise":false,
            "num_bits":8
         }
      }
 })",
                                        "config.json", net));
  EXPECT_EQ(config.batch_num, 2);
  EXPECT_TRUE(config.FindLayer("conv1")->quant_enable);
  EXPECT_TRUE(config.FindLayer("conv1")->weights->channel_wise);
  EXPECT_FALSE(config.FindLayer("conv2")->weights->channel_wise);
  EXPECT_FALSE(config.FindLayer("sum")->quant_enable);
}

// The guide's example of non-uniform quantization, without its second brace.
TEST(QuantConfigTest, TheGuidesExampleOfSnqIsRead) {
  const std::string text = R"({
        "version":1,
        "batch_num":1,
        "activation_offset":true,
        "do_fusion":true,
        "skip_fusion_layers":[
            "conv1"
        ],
        "update_bn":true,
        "bn_update_config":{
            "bn_moving_average_fraction":0.5,
            "bn_update_iterations":30,
            "bn_dump_dir":"tmp/bn_data"
        },
        "conv1":{
            "quant_enable":true,
            "activation_quant_params":[
                {
                    "num_bits":8,
                    "max_percentile":0.999999,
                    "min_percentile":0.999999,
                    "search_range":[
                        0.7,
                        1.3
                    ],
                    "search_step":0.01
                }
            ],
            "weight_quant_params":{
                "wts_algo":"snq_quantize",
                "channel_wise":true,
                "num_bits":4,
                "max_iteration":1000,
                "min_distance":1e-10,
                "init_algo":"gaussian"
            }
        }
    })";
  ASSERT_OK_AND_ASSIGN(const QuantConfig config,
                       ParseQuantConfig(text, "config.json", Net()));
  EXPECT_TRUE(config.update_bn);
  EXPECT_EQ(config.bn_update.moving_average_fraction, 0.5f);
  EXPECT_EQ(config.bn_update.iterations, 30);
  EXPECT_EQ(config.bn_update.dump_dir, "tmp/bn_data");
  const WeightQuantParams& weights = *config.FindLayer("conv1")->weights;
  EXPECT_EQ(weights.wts_algo, WeightAlgorithm::kSnq);
  EXPECT_TRUE(weights.channel_wise);
  EXPECT_EQ(weights.num_bits, 4);
  EXPECT_EQ(weights.max_iteration, 1000);
  EXPECT_EQ(weights.min_distance, 1e-10f);
  EXPECT_EQ(weights.init_algo, LloydInit::kGaussian);

  // Written, it has the same keys in the guide's order.
  const std::string written = QuantConfigToJson(config);
  EXPECT_THAT(written, HasSubstr(R"(    "update_bn":true,
    "bn_update_config":{
        "bn_moving_average_fraction":0.5,
        "bn_update_iterations":30,
        "bn_dump_dir":"tmp/bn_data"
    },
)"));
  EXPECT_THAT(written, HasSubstr(R"(            "wts_algo":"snq_quantize",
            "channel_wise":true,
            "num_bits":4,
            "max_iteration":1000,
            "min_distance":1e-10,
            "init_algo":"gaussian"
)"));
  ASSERT_OK_AND_ASSIGN(const QuantConfig again,
                       ParseQuantConfig(written, "config.json", Net()));
  EXPECT_EQ(QuantConfigToJson(again), written);
  EXPECT_THAT(Parse(absl::StrCat("{\n", text)), HasReason("CONFIG_PARSE"));
}

TEST(QuantConfigTest, TypesAreStrict) {
  EXPECT_THAT(
      Parse(R"({"batch_num":true})"),
      StatusIs(kInvalid, "Type of batch_num should be int, but is bool"));
  EXPECT_THAT(Parse(R"({"batch_num":2.0})"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(Parse(R"({"activation_offset":1})"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(Parse(R"({"do_fusion":"true"})"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(Parse(R"({"skip_fusion_layers":"conv1"})"),
              HasReason("CONFIG_PARSE"));
  EXPECT_THAT(Parse(R"({"conv1":true})"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(Parse("[]"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(ParseActivation("\"num_bits\":\"8\""),
              StatusIs(kInvalid,
                       "Type of num_bits should be int, but is str in layer "
                       "conv1"));
  EXPECT_THAT(ParseActivation("\"max_percentile\":null"),
              HasReason("CONFIG_PARSE"));
  EXPECT_OK(ParseActivation("\"max_percentile\":1"));
}

TEST(QuantConfigTest, RangesAreChecked) {
  for (const char* text :
       {"\"num_bits\":7", "\"num_bits\":17", "\"max_percentile\":0.5",
        "\"max_percentile\":1.0001", "\"min_percentile\":0",
        "\"min_percentile\":0.50000000001", "\"search_range\":[0.7]",
        "\"search_range\":[0,1]", "\"search_range\":[-1,1]",
        "\"search_range\":[1.3,0.7]", "\"search_range\":[1,1]",
        "\"search_range\":[1,1e300]", "\"search_range\":[1e-60,1]",
        "\"search_step\":0", "\"search_step\":-0.1", "\"search_step\":0.7",
        "\"search_step\":1e-60", "\"search_step\":1e-9",
        "\"search_range\":[0.9,1.1],\"search_step\":0.3"}) {
    EXPECT_THAT(ParseActivation(text), HasReason("OPTION_OUT_OF_RANGE"))
        << text;
  }
  EXPECT_THAT(ParseActivation("\"max_percentile\":0.5"),
              StatusIs(kInvalid,
                       "The max_percentile must be greater than 0.5 "
                       "and less than or equal to 1.0"));
  EXPECT_OK(ParseActivation("\"search_range\":[0.7,1.3],\"search_step\":0.6"));
  for (const char* text :
       {"{\"version\":2}", "{\"batch_num\":0}", "{\"batch_num\":-1}",
        "{\"batch_num\":99999999999999999999}",
        "{\"bn_update_config\":{\"bn_update_iterations\":"
        "1000}}"}) {
    EXPECT_FALSE(Parse(text).ok()) << text;
  }
  EXPECT_THAT(
      Parse(R"({"batch_num":0})"),
      AllOf(HasReason("OPTION_OUT_OF_RANGE"),
            StatusIs(kInvalid, "The batch_num must be greater than zero.")));
  EXPECT_THAT(Parse(R"({"sum":{"activation_quant_params":[{}]}})"),
              HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(QuantConfigTest, SnqHasDefaultsAndRanges) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config,
                       ParseWeights("\"wts_algo\":\"snq_quantize\""));
  const WeightQuantParams& weights = *config.FindLayer("conv1")->weights;
  EXPECT_EQ(weights.wts_algo, WeightAlgorithm::kSnq);
  EXPECT_TRUE(weights.channel_wise);
  EXPECT_EQ(weights.num_bits, 4);
  EXPECT_EQ(weights.max_iteration, 1000);
  EXPECT_EQ(weights.min_distance, 1e-10f);
  EXPECT_EQ(weights.init_algo, LloydInit::kUniform);

  const auto parse = [](const std::string& more) {
    // The algorithm may stand behind what it explains.
    return ParseWeights(absl::StrCat(more, ",\"wts_algo\":\"snq_quantize\""));
  };
  for (const char* legal :
       {"\"max_iteration\":500", "\"max_iteration\":2000",
        "\"min_distance\":1e-3", "\"min_distance\":1e-10",
        "\"init_algo\":\"uniform\"", "\"init_algo\":\"d2sampling\"",
        "\"num_bits\":4", "\"channel_wise\":false"}) {
    EXPECT_OK(parse(legal)) << legal;
  }
  for (const char* illegal :
       {"\"max_iteration\":499", "\"max_iteration\":2001", "\"min_distance\":0",
        "\"min_distance\":0.9e-10", "\"min_distance\":1.1e-3",
        "\"init_algo\":\"kmeans\"", "\"init_algo\":\"\"", "\"num_bits\":8"}) {
    EXPECT_THAT(parse(illegal), AllOf(HasReason("OPTION_OUT_OF_RANGE"),
                                      StatusIs(kInvalid, "in layer conv1")))
        << illegal;
  }
  EXPECT_THAT(parse("\"max_iteration\":1000.0"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(parse("\"init_algo\":1"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(parse("\"seed\":1"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(ParseWeights("\"max_iteration\":1000"),
              StatusIs(kInvalid, "Unknown parameter max_iteration"));
  EXPECT_THAT(
      Parse(R"({"ip1":{"weight_quant_params":{"wts_algo":"snq_quantize",
                "channel_wise":true}}})"),
      StatusIs(kInvalid,
               "The channel_wise must be False for layer type InnerProduct"));
}

TEST(QuantConfigTest, BnUpdateHasDefaultsAndRanges) {
  const auto parse = [](const std::string& fields) {
    return ParseQuantConfig(
        absl::StrCat(R"({"update_bn":true,"bn_update_config":{)", fields,
                     R"(},"conv1":{}})"),
        "config.json", Net());
  };
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, parse(""));
  EXPECT_TRUE(config.update_bn);
  EXPECT_EQ(config.bn_update.moving_average_fraction, 0.5f);
  EXPECT_EQ(config.bn_update.iterations, 30);
  EXPECT_EQ(config.bn_update.dump_dir, "tmp/bn_data");
  EXPECT_OK(parse("\"bn_update_iterations\":999"));
  for (const char* illegal :
       {"\"bn_update_iterations\":0", "\"bn_update_iterations\":1000",
        "\"bn_moving_average_fraction\":0", "\"bn_moving_average_fraction\":1",
        "\"bn_moving_average_fraction\":0.99999999999",
        "\"bn_dump_dir\":\"\""}) {
    EXPECT_THAT(parse(illegal), HasReason("OPTION_OUT_OF_RANGE")) << illegal;
  }
  EXPECT_THAT(parse("\"bn_dump_dir\":7"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(parse("\"momentum\":0.5"), HasReason("CONFIG_PARSE"));
}

TEST(QuantConfigTest, BnUpdateNeedsABatchNorm) {
  caffe::NetParameter net = Net();
  for (caffe::LayerParameter& layer : *net.mutable_layer()) {
    if (layer.type() == "BatchNorm") layer.set_type("Scale");
  }
  EXPECT_THAT(
      ParseQuantConfig(R"({"update_bn":true,"conv1":{}})", "config.json", net),
      AllOf(HasReason("NO_BATCH_NORM"),
            StatusIs(absl::StatusCode::kFailedPrecondition,
                     "config.json: update_bn is true, but the model has no")));
  EXPECT_OK(ParseQuantConfig(R"({"update_bn":false,"conv1":{}})", "config.json",
                             net));
}

TEST(QuantConfigTest, WeightsAreEightBitsByArq) {
  EXPECT_OK(ParseWeights("\"wts_algo\":\"arq_quantize\",\"num_bits\":8"));
  EXPECT_THAT(ParseWeights("\"num_bits\":4"), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(ParseWeights("\"wts_algo\":\"nuq\""),
              HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(
      Parse(R"({"ip1":{"weight_quant_params":{"channel_wise":true}}})"),
      StatusIs(kInvalid,
               "The channel_wise must be False for layer type InnerProduct"));
}

TEST(QuantConfigTest, DamagedTextIsReadOrRefusedButNeverCrashes) {
  const std::string golden = Golden();
  std::mt19937 random(11);
  for (int i = 0; i < 3000; ++i) {
    std::string text = golden;
    for (int k = 0; k < 3; ++k) {
      text[random() % text.size()] = "{}[]\",:0.e-tn\0\xff"[random() % 15];
    }
    text.resize(text.size() - random() % 2 * (random() % text.size()));
    const auto config = Parse(text);
    EXPECT_TRUE(config.ok() || !ErrorReason(config.status()).empty()) << text;
  }
}

TEST(QuantConfigTest, NothingSwitchedOnIsAnError) {
  EXPECT_THAT(Parse("{}"), HasReason("NOTHING_QUANTIZED"));
  caffe::NetParameter net;
  EXPECT_THAT(DefaultQuantConfig(net), HasReason("NOTHING_QUANTIZED"));
}

TEST(QuantConfigTest, LayerNamesMustBeUniqueAndNoKeys) {
  caffe::NetParameter net = Net();
  net.mutable_layer(2)->set_name("conv1");
  EXPECT_THAT(DefaultQuantConfig(net), HasReason("LAYER_NAME_NOT_UNIQUE"));
  net = Net();
  net.mutable_layer(1)->set_name("version");
  EXPECT_THAT(DefaultQuantConfig(net), HasReason("LAYER_NAME_RESERVED"));
}

}  // namespace
}  // namespace quantd
