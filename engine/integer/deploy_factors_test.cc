#include "engine/integer/deploy_factors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kFile[] = "net_quant_param_record.txt";

constexpr char kRecord[] =
    "version: 65536\n"
    "layer { name: 'conv' quant_param {\n"
    "  input { data_type: S8 scale: 4 offset: -128 }\n"
    "  weight { data_type: S8 scale: 2 scale: 8 } } }\n"
    "layer { name: 'add' calc_data_type: S16 quant_param {\n"
    "  input { data_type: F16 scale: 1 offset: 0 }\n"
    "  input { data_type: S16 scale: 256 offset: 1000 } } }\n";

caffe::NetParameter Model() {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "layer { name: 'in' type: 'Input' top: 'x' }"
      "layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'c' "
      "        blobs { int8_data: '\\001\\377' shape { dim: 2 dim: 1 } } }"
      "layer { name: 'add' type: 'Eltwise' bottom: 'x' bottom: 'c' top: 'y' }",
      &net));
  return net;
}

// The factors of kRecord with `from` replaced by `to`.
absl::StatusOr<std::vector<DeployFactors>> Read(const std::string& from = "",
                                                const std::string& to = "") {
  std::string text = kRecord;
  if (!from.empty()) {
    EXPECT_THAT(text, HasSubstr(from));
    text = absl::StrReplaceAll(text, {{from, to}});
  }
  const auto record = ParseQuantParamRecord(text, kFile);
  if (!record.ok()) return record.status();
  return DeployFactorsOf(*record, Model(), kFile);
}

TEST(DeployFactorsTest, ReadsInputsAndWeights) {
  const auto factors = Read();
  ASSERT_OK(factors);
  ASSERT_EQ(factors->size(), 3u);
  EXPECT_TRUE((*factors)[0].inputs.empty());
  const DeployFactors& conv = (*factors)[1];
  ASSERT_TRUE(conv.inputs[0]);
  EXPECT_EQ(conv.inputs[0]->scale, 0.25f);
  EXPECT_EQ(conv.inputs[0]->offset, -128);
  EXPECT_EQ(conv.inputs[0]->num_bits, 8);
  EXPECT_THAT(conv.scale_w, ElementsAre(0.5f, 0.125f));
  const DeployFactors& add = (*factors)[2];
  EXPECT_FALSE(add.inputs[0]);
  EXPECT_EQ(add.inputs[1]->num_bits, 16);
  EXPECT_EQ(add.inputs[1]->offset, 1000);
}

TEST(DeployFactorsTest, TheBinaryFormSaysTheSame) {
  const auto text = ParseQuantParamRecord(kRecord, kFile);
  ASSERT_OK(text);
  const auto binary = ParseQuantParamRecord(text->SerializeAsString(), "x.bin");
  ASSERT_OK(binary);
  EXPECT_EQ(binary->DebugString(), text->DebugString());
}

TEST(DeployFactorsTest, DamagedFilesAreErrorsWithPlace) {
  EXPECT_THAT(Read("version: 65536", "versoin: 65536"),
              HasReason("RECORD_INVALID"));
  EXPECT_THAT(std::string(Read("version: 65536", "oops").status().message()),
              HasSubstr("net_quant_param_record.txt:2:"));
  EXPECT_THAT(ParseQuantParamRecord("", kFile), HasReason("RECORD_INVALID"));
  EXPECT_THAT(ParseQuantParamRecord("\x12\xff", "x.bin"),
              HasReason("RECORD_INVALID"));
  EXPECT_THAT(ParseQuantParamRecord("layer { name: 'a' }", kFile),
              HasReason("RECORD_INVALID"));
}

struct Mistake {
  const char* from;
  const char* to;
  const char* reason;
  const char* message;
};

TEST(DeployFactorsTest, MistakesNameFileLayerAndField) {
  const Mistake mistakes[] = {
      {"name: 'add'", "name: 'conv'", "RECORD_INVALID", "two entries"},
      {"name: 'add'", "name: 'other'", "RECORD_INCOMPLETE",
       "layer \"add\" of the deploy model has no entry"},
      {"input { data_type: F16 scale: 1 offset: 0 }", "", "RECORD_INVALID",
       "layer \"add\": input has 1 elements; the layer has 2 bottoms"},
      {"data_type: S16", "data_type: U8", "RECORD_INVALID",
       "layer \"add\": input[1].data_type is U8"},
      {"scale: 256", "scale: 256 scale: 1", "RECORD_INVALID", "input[1].scale"},
      {"scale: 256", "scale: 0", "RECORD_INVALID", "input[1].scale is 0"},
      {"scale: 256", "scale: nan", "RECORD_INVALID", "input[1].scale"},
      {"scale: 256", "scale: inf", "RECORD_INVALID", "input[1].scale"},
      {"offset: 1000", "offset: 40000", "RECORD_INVALID", "input[1].offset"},
      {"offset: 1000", "offset: 0.5", "RECORD_INVALID", "input[1].offset"},
      {"offset: -128", "offset: nan", "RECORD_INVALID", "input[0].offset"},
      {"weight { data_type: S8", "weight { data_type: S4", "RECORD_INVALID",
       "layer \"conv\": weight.data_type"},
      {"scale: 2 ", "scale: -2 ", "RECORD_INVALID", "weight.scale is -2"},
      {"scale: 2 scale: 8", "", "RECORD_INCOMPLETE", "weight.scale"},
      {"scale: 8 }", "scale: 8 offset: 1 }", "RECORD_INVALID", "weight.offset"},
      {"scale: 8 }", "scale: 8 params: 'x' }", "RECORD_INVALID",
       "weight.params has 1 bytes"},
      {"weight { data_type: S8 scale: 2 scale: 8 }", "", "RECORD_INCOMPLETE",
       "layer \"conv\": weight is missing"},
      {"data_type: S8 scale: 4 offset: -128", "data_type: F16",
       "RECORD_INCOMPLETE", "layer \"conv\": input[0]"},
      {"offset: 1000 }", "offset: 1000 } weight { data_type: S8 scale: 1 }",
       "RECORD_INVALID", "layer \"add\": weight is given"},
  };
  for (const Mistake& mistake : mistakes) {
    const auto factors = Read(mistake.from, mistake.to);
    EXPECT_THAT(factors, HasReason(mistake.reason)) << mistake.to;
    const std::string message(factors.status().message());
    EXPECT_THAT(message, HasSubstr(mistake.message)) << mistake.to;
    EXPECT_THAT(message, HasSubstr(kFile)) << mistake.to;
  }
}

TEST(DeployFactorsTest, EntriesOfUnknownLayersAreErrors) {
  EXPECT_THAT(Read("version: 65536", "layer { name: 'gone' quant_param {} }"),
              HasReason("RECORD_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
