#include "engine/config/parse_simple_config.h"

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

// As the guide prints it.
constexpr char kGuideExample[] = R"(# global quantize parameter
skip_layers : "pool1"
skip_layer_types:"Softmax"
do_fusion: true
skip_fusion_layers : "conv1"
update_bn: true
bn_update_config : {
    bn_update_iterations : 30
    bn_moving_average_fraction: 0.5
    bn_dump_dir: 'tmp/bn_data'
}
common_config : {
    ifmr_quantize : {
        search_range_start : 0.7
        search_range_end : 1.3
        search_step : 0.01
        max_percentile : 0.999999
        min_percentile : 0.999999
        num_bits:8
    }
    snq_quantize : {
        channel_wise : true
        max_iteration : 1000
        min_distance : 1e-10
        init_algo : 'gaussian'
    }
}

override_layer_types : {
    layer_type : "InnerProduct"
    calibration_config : {
        ifmr_quantize : {
            search_range_start : 0.7
            search_range_end : 1.3
            search_step : 0.01
            max_percentile : 0.999999
            min_percentile : 0.999999
            num_bits:8
        }
        arq_quantize : {
            channel_wise : false
            num_bits:8
        }
    }
}

override_layer_configs : {
    layer_name : "conv1"
    calibration_config : {
        arq_quantize : {
            channel_wise : true
            num_bits:8
        }
        ifmr_quantize : {
            search_range_start : 0.8
            search_range_end : 1.2
            search_step : 0.02
            max_percentile : 0.999999
            min_percentile : 0.999999
            num_bits:8
        }
    }
}
)";

// The same with uniform weights, for nets without BatchNorm.
std::string UniformExample() {
  return absl::StrReplaceAll(kGuideExample,
                             {{"update_bn: true", "update_bn: false"},
                              {"    snq_quantize : {\n"
                               "        channel_wise : true\n"
                               "        max_iteration : 1000\n"
                               "        min_distance : 1e-10\n"
                               "        init_algo : 'gaussian'\n",
                               "    arq_quantize : {\n"
                               "        channel_wise : true\n"}});
}

caffe::NetParameter Net() {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        layer { name: "data" type: "Input" top: "data" }
        layer { name: "conv1" type: "Convolution" bottom: "data" top: "c1" }
        layer { name: "relu1" type: "ReLU" bottom: "c1" top: "r1" }
        layer { name: "pool1" type: "Pooling" bottom: "r1" top: "p1" }
        layer { name: "conv2" type: "Convolution" bottom: "p1" top: "c2" }
        layer { name: "sum" type: "Eltwise" bottom: "c2" bottom: "p1" top: "s" }
        layer { name: "fc" type: "InnerProduct" bottom: "s" top: "fc" }
        layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
      )pb",
      &net));
  return net;
}

absl::StatusOr<QuantConfig> Parse(const std::string& text) {
  return ParseSimpleQuantConfig(text, "quant.cfg", Net());
}
absl::StatusOr<QuantConfig> ParseIfmr(const std::string& text) {
  return Parse(absl::StrCat("common_config { ifmr_quantize {", text, "} }"));
}

// "line:column" of an error.
std::string PlaceOf(const absl::Status& status) {
  ErrorMetadata metadata = GetErrorMetadata(status);
  return absl::StrCat(metadata["line"], ":", metadata["column"]);
}

TEST(ParseSimpleConfigTest, TheGuidesExampleIsRead) {
  caffe::NetParameter net = Net();
  caffe::LayerParameter* bn = net.add_layer();
  bn->set_name("bn");
  bn->set_type("BatchNorm");
  bn->add_bottom("c1");
  bn->add_top("bn");
  ASSERT_OK_AND_ASSIGN(const QuantConfig config,
                       ParseSimpleQuantConfig(kGuideExample, "quant.cfg", net));
  EXPECT_TRUE(config.update_bn);
  EXPECT_EQ(config.bn_update.iterations, 30);
  EXPECT_EQ(config.bn_update.moving_average_fraction, 0.5f);
  EXPECT_EQ(config.bn_update.dump_dir, "tmp/bn_data");
  const WeightQuantParams& inner = *config.FindLayer("conv2")->weights;
  EXPECT_EQ(inner.wts_algo, WeightAlgorithm::kSnq);
  EXPECT_TRUE(inner.channel_wise);
  EXPECT_EQ(inner.num_bits, 4);
  EXPECT_EQ(inner.max_iteration, 1000);
  EXPECT_EQ(inner.min_distance, 1e-10f);
  EXPECT_EQ(inner.init_algo, LloydInit::kGaussian);
  for (const char* uniform : {"conv1", "fc"}) {
    const WeightQuantParams& weights = *config.FindLayer(uniform)->weights;
    EXPECT_EQ(weights.wts_algo, WeightAlgorithm::kArq) << uniform;
    EXPECT_EQ(weights.num_bits, 8) << uniform;
  }
  EXPECT_FALSE(config.FindLayer("fc")->weights->channel_wise);

  // Without BatchNorm in the net.
  EXPECT_THAT(Parse(kGuideExample),
              AllOf(HasReason("NO_BATCH_NORM"),
                    StatusIs(absl::StatusCode::kFailedPrecondition,
                             "quant.cfg:6:1: update_bn is true, but")));
}

TEST(ParseSimpleConfigTest, SnqHasDefaultsAndRanges) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config,
                       Parse("common_config { snq_quantize {} }"));
  EXPECT_EQ(config.FindLayer("conv1")->weights->wts_algo,
            WeightAlgorithm::kSnq);
  EXPECT_TRUE(config.FindLayer("conv1")->weights->channel_wise);
  // Its type has one table for all weights, whatever the default says.
  EXPECT_EQ(config.FindLayer("fc")->weights->wts_algo, WeightAlgorithm::kSnq);
  EXPECT_FALSE(config.FindLayer("fc")->weights->channel_wise);

  const auto parse = [](const std::string& fields) {
    return Parse(absl::StrCat("common_config {\n  snq_quantize {\n    ", fields,
                              " } }"));
  };
  for (const char* legal :
       {"max_iteration: 500", "max_iteration: 2000", "min_distance: 1e-3",
        "min_distance: 1e-10", "init_algo: 'd2sampling'"}) {
    EXPECT_OK(parse(legal)) << legal;
  }
  for (const char* illegal :
       {"max_iteration: 499", "max_iteration: 2001",
        "max_iteration: 4294967295", "min_distance: 0", "min_distance: nan",
        "min_distance: 1.1e-3", "init_algo: 'Uniform'", "init_algo: ''"}) {
    const auto status = parse(illegal).status();
    EXPECT_THAT(status, HasReason("OPTION_OUT_OF_RANGE")) << illegal;
    EXPECT_EQ(PlaceOf(status), "3:5") << illegal;
  }
  EXPECT_THAT(parse("num_bits: 4"), HasReason("CONFIG_PARSE"));
  const auto type = Parse(R"(override_layer_types {
    layer_type: "LSTM" calibration_config { snq_quantize {} } })");
  EXPECT_THAT(type, AllOf(HasReason("OPTION_CONFLICT"),
                          StatusIs(kInvalid, "not for layer type LSTM")));
}

TEST(ParseSimpleConfigTest, TheGuidesExampleWithUniformWeightsIsRead) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, Parse(UniformExample()));
  EXPECT_EQ(config.batch_num, 1);
  EXPECT_TRUE(config.activation_offset);
  EXPECT_TRUE(config.do_fusion);
  EXPECT_THAT(config.skip_fusion_layers, ElementsAre("conv1"));
  const LayerQuantConfig& conv1 = *config.FindLayer("conv1");
  EXPECT_TRUE(conv1.quant_enable);
  EXPECT_EQ(conv1.activations[0].search_range_start, 0.8f);
  EXPECT_EQ(conv1.activations[0].search_range_end, 1.2f);
  EXPECT_EQ(conv1.activations[0].search_step, 0.02f);
  EXPECT_TRUE(conv1.weights->channel_wise);
  EXPECT_FALSE(config.FindLayer("pool1")->quant_enable);
  EXPECT_FALSE(config.FindLayer("prob")->quant_enable);
  EXPECT_FALSE(config.FindLayer("relu1")->quant_enable);
  EXPECT_TRUE(config.FindLayer("conv2")->quant_enable);
  EXPECT_TRUE(config.FindLayer("fc")->quant_enable);
  EXPECT_FALSE(config.FindLayer("fc")->weights->channel_wise);
}

TEST(ParseSimpleConfigTest, TheJsonOfTheGuidesExampleReadsBack) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, Parse(UniformExample()));
  const std::string json = QuantConfigToJson(config);
  EXPECT_THAT(json, HasSubstr(R"(    "conv1":{
        "quant_enable":true,
        "activation_quant_params":{
            "num_bits":8,
            "max_percentile":0.999999,
            "min_percentile":0.999999,
            "search_range":[
                0.8,
                1.2
            ],
            "search_step":0.02
        },
        "weight_quant_params":{
            "wts_algo":"arq_quantize",
            "channel_wise":true,
            "num_bits":8
        }
    },)"));
  ASSERT_OK_AND_ASSIGN(const QuantConfig read,
                       ParseQuantConfig(json, "config.json", Net()));
  EXPECT_EQ(QuantConfigToJson(read), json);
}

TEST(ParseSimpleConfigTest, AnEmptyFileIsTheDefaults) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig defaults, DefaultQuantConfig(Net()));
  for (const char* text : {"", "# nothing\n", "common_config {}",
                           "common_config { arq_quantize {} ifmr_quantize {} }",
                           "do_fusion: true activation_offset: true"}) {
    ASSERT_OK_AND_ASSIGN(const QuantConfig config, Parse(text));
    EXPECT_EQ(QuantConfigToJson(config), QuantConfigToJson(defaults)) << text;
  }
}

TEST(ParseSimpleConfigTest, GlobalsAreRead) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, Parse(R"(
      batch_num: 7
      activation_offset: false
      do_fusion: false
      skip_fusion_layers: ['conv1', "conv2"]
      skip_layers: ["pool1", "sum"]
      skip_layer_types: "InnerProduct" skip_layer_types: "Gemm"
      bn_update_config { bn_update_iterations: 999 bn_dump_dir: "d" })"));
  EXPECT_EQ(config.batch_num, 7);
  EXPECT_FALSE(config.activation_offset);
  EXPECT_FALSE(config.do_fusion);
  EXPECT_THAT(config.skip_fusion_layers, ElementsAre("conv1", "conv2"));
  EXPECT_FALSE(config.FindLayer("pool1")->quant_enable);
  EXPECT_FALSE(config.FindLayer("sum")->quant_enable);
  EXPECT_FALSE(config.FindLayer("fc")->quant_enable);
  EXPECT_TRUE(config.FindLayer("conv1")->quant_enable);
}

TEST(ParseSimpleConfigTest, LayerBeforeTypeBeforeCommonBeforeDefaults) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, Parse(R"(
      common_config { ifmr_quantize { num_bits: 9 search_step: 0.02 } }
      override_layer_types {
        layer_type: "Convolution"
        calibration_config {
          ifmr_quantize { num_bits: 10 }
          arq_quantize { channel_wise: false }
        }
      }
      override_layer_configs {
        layer_name: "conv2"
        calibration_config { ifmr_quantize { num_bits: 11 } }
      })"));
  const LayerQuantConfig& conv1 = *config.FindLayer("conv1");
  const LayerQuantConfig& conv2 = *config.FindLayer("conv2");
  EXPECT_EQ(conv1.activations[0].num_bits, 10);
  EXPECT_FALSE(conv1.weights->channel_wise);
  // An entry holds as a whole.
  EXPECT_EQ(conv1.activations[0].search_step, 0.01f);
  EXPECT_EQ(conv2.activations[0].num_bits, 11);
  EXPECT_TRUE(conv2.weights->channel_wise);
  for (const ActivationQuantParams& input :
       config.FindLayer("sum")->activations) {
    EXPECT_EQ(input.num_bits, 9);
    EXPECT_EQ(input.search_step, 0.02f);
  }
  EXPECT_EQ(config.FindLayer("relu1")->activations[0].num_bits, 9);
}

TEST(ParseSimpleConfigTest, SkippedLayersStaySkippedWhenOverridden) {
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, Parse(R"(
      skip_layers: "conv1"
      override_layer_configs {
        layer_name: "conv1"
        calibration_config { ifmr_quantize { num_bits: 12 } }
      }
      override_layer_configs {
        layer_name: "relu1"
        calibration_config { ifmr_quantize { num_bits: 12 } }
      })"));
  EXPECT_FALSE(config.FindLayer("conv1")->quant_enable);
  EXPECT_EQ(config.FindLayer("conv1")->activations[0].num_bits, 12);
  EXPECT_FALSE(config.FindLayer("relu1")->quant_enable);
}

TEST(ParseSimpleConfigTest, TheLaterWeightAlgorithmWins) {
  const auto algorithm = [](const std::string& text) {
    const auto config = Parse(absl::StrCat("common_config {", text, "}"));
    EXPECT_OK(config);
    return config->FindLayer("conv1")->weights->wts_algo;
  };
  EXPECT_EQ(algorithm("snq_quantize {}\n arq_quantize {}"),
            WeightAlgorithm::kArq);
  EXPECT_EQ(algorithm("snq_quantize {} arq_quantize {}"),
            WeightAlgorithm::kArq);
  EXPECT_EQ(algorithm("arq_quantize {} snq_quantize {}"),
            WeightAlgorithm::kSnq);
}

TEST(ParseSimpleConfigTest, ChannelWiseMustFitTheLayerType) {
  const auto common =
      Parse("common_config {\n  arq_quantize {\n    channel_wise: true } }");
  EXPECT_THAT(common, AllOf(HasReason("OPTION_OUT_OF_RANGE"),
                            StatusIs(kInvalid,
                                     "quant.cfg:3:5: The channel_wise must be "
                                     "False for layer type InnerProduct, but "
                                     "is true; allowed: false in layer fc")));
  EXPECT_OK(
      Parse("skip_layers: 'fc' "
            "common_config { arq_quantize { channel_wise: true } }"));
  EXPECT_THAT(Parse("override_layer_types { layer_type: 'LSTM' "
                    "calibration_config { arq_quantize { channel_wise: true } "
                    "} }"),
              HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(ParseSimpleConfigTest, WeightsOfLayersWithoutAreRefused) {
  EXPECT_THAT(
      Parse("override_layer_configs { layer_name: 'sum'\n"
            "  calibration_config { arq_quantize {} } }"),
      AllOf(HasReason("OPTION_CONFLICT"),
            StatusIs(kInvalid,
                     "quant.cfg:2:24: arq_quantize is only for layers with "
                     "quantizable weights, not for Eltwise in layer sum")));
  EXPECT_OK(
      Parse("override_layer_configs { layer_name: 'sum'"
            "  calibration_config { } }"));
}

TEST(ParseSimpleConfigTest, UnknownLayersAndTypesAreNamed) {
  const auto config = Parse("skip_layers: 'pool1'\nskip_layers: 'conv9'");
  EXPECT_THAT(config, AllOf(HasReason("LAYER_NOT_FOUND"),
                            StatusIs(kInvalid,
                                     "quant.cfg:2:1: Layer conv9 does not "
                                     "exist in the graph. Did you mean conv1, "
                                     "conv2?")));
  ErrorMetadata metadata = GetErrorMetadata(config.status());
  EXPECT_EQ(metadata["layer"], "conv9");
  EXPECT_EQ(metadata["field"], "skip_layers");
  EXPECT_THAT(Parse("override_layer_configs { layer_name: 'conv9' "
                    "calibration_config {} }"),
              AllOf(HasReason("LAYER_NOT_FOUND"),
                    StatusIs(kInvalid, "quant.cfg:1:26: Layer conv9")));
  EXPECT_THAT(Parse("skip_fusion_layers: 'conv9'"),
              HasReason("LAYER_NOT_FOUND"));
  EXPECT_THAT(Parse("skip_fusion_layers: 'sum'"), HasReason("OPTION_CONFLICT"));
  EXPECT_THAT(Parse("skip_layers: 'data'"),
              AllOf(HasReason("OPTION_CONFLICT"),
                    StatusIs(kInvalid, "layer data does not support quant.")));
  EXPECT_THAT(Parse("skip_layer_types: 'Convolutoin'"),
              AllOf(HasReason("OPTION_CONFLICT"),
                    StatusIs(kInvalid,
                             "Layer type Convolutoin does not support "
                             "quantize; remove it from skip_layer_types")));
  EXPECT_THAT(Parse("override_layer_types { layer_type: 'Dropout' "
                    "calibration_config {} }"),
              AllOf(HasReason("OPTION_CONFLICT"),
                    StatusIs(kInvalid, "quant.cfg:1:24: Layer type Dropout")));
}

TEST(ParseSimpleConfigTest, RepeatedItemsAreNamed) {
  EXPECT_THAT(Parse("batch_num: 1\n  batch_num: 2"),
              AllOf(HasReason("CONFIG_PARSE"),
                    StatusIs(kInvalid, "repeated items are [batch_num]")));
  EXPECT_THAT(ParseIfmr("num_bits: 8 num_bits: 9"),
              StatusIs(kInvalid, "repeated items are [num_bits]"));
  EXPECT_THAT(Parse("common_config {} common_config {}"),
              StatusIs(kInvalid, "repeated items are [common_config]"));
  const auto skipped =
      Parse("skip_layers: 'fc'\nskip_layers: 'sum'\n\tskip_layers: 'fc'");
  EXPECT_THAT(skipped, AllOf(HasReason("CONFIG_PARSE"),
                             StatusIs(kInvalid,
                                      "quant.cfg:3:2: Please delete repeated "
                                      "items in skip_layers, repeated items "
                                      "are [fc]")));
  EXPECT_THAT(Parse("skip_layer_types: ['Pooling', 'Pooling']"),
              StatusIs(kInvalid, "repeated items are [Pooling]"));
  EXPECT_THAT(Parse("skip_fusion_layers: ['conv1', 'conv1']"),
              StatusIs(kInvalid, "repeated items are [conv1]"));
  for (const std::string entry :
       {"override_layer_configs { layer_name: 'fc' calibration_config {} }",
        "override_layer_types { layer_type: 'Pooling' calibration_config {} "
        "}"}) {
    EXPECT_OK(Parse(entry));
    EXPECT_THAT(Parse(absl::StrCat(entry, "\n", entry)),
                HasReason("CONFIG_PARSE"));
  }
}

TEST(ParseSimpleConfigTest, WrongTextIsPlaced) {
  const auto unknown = Parse("batch_num: 2\n\tcommon_config { arq { } }");
  EXPECT_THAT(unknown, AllOf(HasReason("CONFIG_PARSE"),
                             StatusIs(kInvalid,
                                      "Unknown parameter arq in "
                                      "CalibrationConfig")));
  EXPECT_EQ(GetErrorMetadata(unknown.status())["line"], "2");
  EXPECT_EQ(GetErrorMetadata(unknown.status())["field"], "arq");
  for (const char* text :
       {"\nbatch_num: -1", "\nbatch_num: 1.5", "\nbatch_num: 'x'",
        "\nbatch_num: 5000000000", "\nactivation_offset: maybe",
        "\nskip_layers: 1", "\nbatch_num 1", "\ncommon_config {",
        "\ncommon_config: 3", "\n}", "\n\"quote"}) {
    const auto config = Parse(text);
    EXPECT_THAT(config, HasReason("CONFIG_PARSE")) << text;
    EXPECT_EQ(GetErrorMetadata(config.status())["line"], "2") << text;
    EXPECT_EQ(GetErrorMetadata(config.status())["file"], "quant.cfg");
  }
  EXPECT_THAT(Parse("skip_layers: '\\377'"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(Parse("\xff"), HasReason("CONFIG_PARSE"));
  EXPECT_THAT(
      Parse("\n override_layer_configs { calibration_config {} }"),
      AllOf(HasReason("CONFIG_PARSE"),
            StatusIs(kInvalid, "quant.cfg:2:2: layer_name is missing")));
  EXPECT_THAT(Parse("override_layer_configs { layer_name: 'fc' }"),
              StatusIs(kInvalid, "calibration_config is missing"));
  EXPECT_THAT(Parse("override_layer_types { layer_type: 'Pooling' }"),
              StatusIs(kInvalid, "calibration_config is missing"));
}

TEST(ParseSimpleConfigTest, RangesAreChecked) {
  for (const char* text :
       {"num_bits: 7", "num_bits: 17", "max_percentile: 0.5",
        "max_percentile: 1.01", "max_percentile: nan", "min_percentile: 0",
        "search_range_start: 0", "search_range_start: 1.3",
        "search_range_start: nan", "search_range_end: 0.7",
        "search_range_end: inf", "search_range_end: nan", "search_step: 0",
        "search_step: -0.1", "search_step: 0.7", "search_step: 1e-9",
        "search_step: nan", "search_step: inf",
        "search_range_start: 0.9 search_range_end: 1.1 search_step: 0.3"}) {
    const auto config = ParseIfmr(absl::StrCat("\n  ", text));
    EXPECT_THAT(config, HasReason("OPTION_OUT_OF_RANGE")) << text;
    EXPECT_EQ(GetErrorMetadata(config.status())["line"], "2") << text;
  }
  EXPECT_OK(ParseIfmr("search_step: 0.6"));
  EXPECT_OK(ParseIfmr("max_percentile: 1 num_bits: 16"));
  const auto step = ParseIfmr("search_step: 0.7");
  EXPECT_THAT(step, StatusIs(kInvalid,
                             "The search_step must be less than or equal to "
                             "(search_range_end - search_range_start), but is "
                             "0.7"));
  const auto bits = Parse(
      "override_layer_configs {\n layer_name: 'fc'\n calibration_config {\n"
      "   arq_quantize {\n\tnum_bits: 4 } } }");
  EXPECT_THAT(bits, AllOf(HasReason("OPTION_OUT_OF_RANGE"),
                          StatusIs(kInvalid, "in layer fc")));
  EXPECT_EQ(PlaceOf(bits.status()), "5:2");
  EXPECT_EQ(GetErrorMetadata(bits.status())["layer"], "fc");
  EXPECT_EQ(GetErrorMetadata(bits.status())["field"], "num_bits");
  for (const char* text :
       {"batch_num: 0", "batch_num: 4000000000",
        "bn_update_config { bn_update_iterations: 0 }",
        "bn_update_config { bn_update_iterations: 1000 }",
        "bn_update_config { bn_moving_average_fraction: 1 }",
        "bn_update_config { bn_moving_average_fraction: nan }"}) {
    EXPECT_THAT(Parse(text), HasReason("OPTION_OUT_OF_RANGE")) << text;
  }
}

TEST(ParseSimpleConfigTest, NothingLeftIsAnError) {
  EXPECT_THAT(
      Parse("skip_layer_types: ['Convolution', 'Pooling', 'InnerProduct',"
            "                    'Softmax', 'Eltwise']"),
      AllOf(HasReason("NOTHING_QUANTIZED"),
            StatusIs(absl::StatusCode::kFailedPrecondition,
                     "Except skip_layers or skip_types, no layer need to "
                     "quantize.")));
}

TEST(ParseSimpleConfigTest, DamagedTextIsReadOrRefusedButNeverCrashes) {
  const std::string example = UniformExample();
  std::mt19937 random(11);
  for (int i = 0; i < 3000; ++i) {
    std::string text = example;
    for (int k = 0; k < 3; ++k) {
      text[random() % text.size()] = "{}[]\"':0.e-tn\t\n\0\xff#"[random() % 18];
    }
    text.resize(text.size() - random() % 2 * (random() % text.size()));
    const auto config = Parse(text);
    EXPECT_TRUE(config.ok() || !ErrorReason(config.status()).empty()) << text;
  }
}

}  // namespace
}  // namespace quantd
