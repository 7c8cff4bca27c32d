#include "engine/config/read_quant_config.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::AllOf;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::StatusOr<int64_t> BatchNum(const std::string& text,
                                 const std::string& file) {
  caffe::NetParameter net;
  for (const char* name : {"conv1", "conv2"}) {
    caffe::LayerParameter& layer = *net.add_layer();
    layer.set_name(name);
    layer.set_type("Convolution");
    layer.add_bottom("data");
  }
  const auto config = ReadQuantConfig(text, file, net);
  if (!config.ok()) return config.status();
  return config->batch_num;
}

TEST(ReadQuantConfigTest, ABraceMeansJson) {
  for (const char* file : {"config.json", "quant.cfg", "x", ""}) {
    EXPECT_THAT(
        BatchNum("\xEF\xBB\xBF \n{\"batch_num\":3, \"conv1\":{}}", file),
        StatusIs(absl::StatusCode::kOk, ""));
    EXPECT_THAT(BatchNum("[1]", file), HasReason("CONFIG_PARSE"));
  }
}

TEST(ReadQuantConfigTest, OtherTextIsASimplifiedConfiguration) {
  for (const char* file : {"quant.cfg", "x", ""}) {
    const auto batch_num = BatchNum("\xEF\xBB\xBF# c\nbatch_num: 5", file);
    ASSERT_OK(batch_num);
    EXPECT_EQ(*batch_num, 5);
  }
}

TEST(ReadQuantConfigTest, BrokenJsonIsReportedAsJson) {
  EXPECT_THAT(BatchNum("\"batch_num\":3", "config.JSON"),
              AllOf(HasReason("CONFIG_PARSE"),
                    StatusIs(kInvalid, "correct the JSON text")));
  EXPECT_THAT(BatchNum("", "config.json"), HasReason("CONFIG_PARSE"));
}

TEST(ReadQuantConfigTest, AscendRefusesWhatItLacks) {
  caffe::NetParameter net;
  for (const char* type : {"Convolution", "Eltwise", "InnerProduct"}) {
    caffe::LayerParameter& layer = *net.add_layer();
    layer.set_name(std::string("a") + type);
    layer.set_type(type);
    layer.add_bottom("data");
  }
  const auto read = [&net](const std::string& text) {
    return ReadQuantConfig(text, "file", net, Target::kAscend);
  };
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, read("batch_num: 2"));
  EXPECT_EQ(config.target, Target::kAscend);
  EXPECT_EQ(config.batch_num, 2);
  ASSERT_EQ(config.layers.size(), 2);
  EXPECT_EQ(config.layers[1].name, "aInnerProduct");
  EXPECT_OK(read(R"({"aConvolution":{"quant_enable":true}})"));
  EXPECT_OK(read("skip_layer_types: 'InnerProduct'"));

  EXPECT_THAT(read(R"({"aEltwise":{"quant_enable":true}})"),
              AllOf(HasReason("OPTION_CONFLICT"),
                    StatusIs(kInvalid, "Eltwise is not quantized for Ascend")));
  EXPECT_THAT(read("skip_layer_types: 'Eltwise'"),
              HasReason("OPTION_CONFLICT"));
  EXPECT_THAT(
      read(R"({"aConvolution":{"activation_quant_params":{"num_bits":12}}})"),
      AllOf(HasReason("OPTION_OUT_OF_RANGE"),
            StatusIs(kInvalid, "aConvolution")));
  EXPECT_THAT(read("common_config { ifmr_quantize { num_bits: 9 } }"),
              HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(read("common_config { snq_quantize { } }"),
              HasReason("OPTION_CONFLICT"));
  // Not of a layer that is off.
  EXPECT_OK(
      read("skip_layers: 'aInnerProduct' override_layer_configs { "
           "layer_name: 'aInnerProduct' calibration_config { ifmr_quantize { "
           "num_bits: 9 } } }"));
}

}  // namespace
}  // namespace quantd
