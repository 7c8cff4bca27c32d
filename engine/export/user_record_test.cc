#include "engine/export/user_record.h"

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/export/record_file.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

// A convolution and a ReLU read "data"; an Eltwise reads the outputs of both;
// an LSTM has no weights.
caffe::NetParameter Net() {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "layer { name: 'in' type: 'Input' top: 'data' }"
      "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'c' "
      "blobs { shape { dim: 2 dim: 1 } data: [1, 2] } }"
      "layer { name: 'relu' type: 'ReLU' bottom: 'data' top: 'r' }"
      "layer { name: 'sum' type: 'Eltwise' bottom: 'c' bottom: 'r' top: 's' }"
      "layer { name: 'lstm' type: 'LSTM' bottom: 's' bottom: 'k' top: 'l' }",
      &net));
  return net;
}

amct::ScaleOffsetRecord Record(const std::string& text) {
  return *ParseRecord(text, "r.txt");
}

std::string Entry(const std::string& key, const std::string& value) {
  return absl::StrCat("record { key: '", key, "' value { ", value, " } } ");
}
const char kInput0[] = "record_d { index: 0 scale_d: 1 } ";
const char kInput1[] = "record_d { index: 1 scale_d: 1 } ";

// CheckRecordUsed() after all that comes before it.
absl::Status CheckUsed(const std::string& text) {
  const amct::ScaleOffsetRecord record = Record(text);
  const caffe::NetParameter net = Net();
  const auto config = ConfigOfRecord(record, net, "r.txt");
  if (!config.ok()) return config.status();
  const auto plan = MakeAnyQuantPlan(net, *config);
  if (!plan.ok()) return plan.status();
  return CheckRecordUsed(record, net, *plan, "r.txt");
}

TEST(ConfigOfRecordTest, FourBitWeightsAreSnqs) {
  ASSERT_OK_AND_ASSIGN(
      const QuantConfig config,
      ConfigOfRecord(Record(Entry("conv",
                                  "scale_w: 1 offset_w: 0 num_bits_w: 4 "
                                  "record_d { index: 0 }")),
                     Net(), "r.txt"));
  const WeightQuantParams& weights = *config.FindLayer("conv")->weights;
  EXPECT_EQ(weights.wts_algo, WeightAlgorithm::kSnq);
  EXPECT_EQ(weights.num_bits, 4);
  EXPECT_FALSE(weights.channel_wise);
}

TEST(ConfigOfRecordTest, LayersOfTheRecordAreOn) {
  ASSERT_OK_AND_ASSIGN(
      const QuantConfig config,
      ConfigOfRecord(
          Record(Entry("conv",
                       "scale_w: [1, 2] offset_w: [0, 0]"
                       "record_d { index: 0 num_bits_d: 12 }") +
                 Entry("sum", "record_d { index: 1 num_bits_d: 9 }")),
          Net(), "r.txt"));
  const LayerQuantConfig* conv = config.FindLayer("conv");
  EXPECT_TRUE(conv->quant_enable);
  EXPECT_TRUE(conv->weights->channel_wise);
  EXPECT_EQ(conv->activations[0].num_bits, 12);
  EXPECT_EQ(conv->weights->wts_algo, WeightAlgorithm::kArq);
  const LayerQuantConfig* sum = config.FindLayer("sum");
  EXPECT_TRUE(sum->quant_enable);
  EXPECT_EQ(sum->activations[0].num_bits, 8);
  EXPECT_EQ(sum->activations[1].num_bits, 9);
  EXPECT_FALSE(config.FindLayer("relu")->quant_enable);
  EXPECT_TRUE(config.do_fusion);
  EXPECT_THAT(config.skip_fusion_layers, IsEmpty());
}

TEST(ConfigOfRecordTest, OneScaleIsNotChannelWise) {
  ASSERT_OK_AND_ASSIGN(
      const QuantConfig config,
      ConfigOfRecord(Record(Entry("conv", "scale_w: 1 offset_w: 0")), Net(),
                     "r.txt"));
  EXPECT_FALSE(config.FindLayer("conv")->weights->channel_wise);
}

TEST(ConfigOfRecordTest, AnyOffsetMeansWithOffset) {
  const std::string conv = Entry("conv", kInput0);
  ASSERT_OK_AND_ASSIGN(QuantConfig config,
                       ConfigOfRecord(Record(conv), Net(), "r.txt"));
  EXPECT_FALSE(config.activation_offset);
  const std::string sum = Entry("sum", "record_d { index: 0 offset_d: -1 }");
  ASSERT_OK_AND_ASSIGN(config,
                       ConfigOfRecord(Record(conv + sum), Net(), "r.txt"));
  EXPECT_TRUE(config.activation_offset);
}

TEST(ConfigOfRecordTest, SkipFusionAloneQuantizesNothing) {
  const std::string skip = Entry("relu", "skip_fusion: true");
  ASSERT_OK_AND_ASSIGN(
      const QuantConfig config,
      ConfigOfRecord(Record(skip + Entry("conv", kInput0)), Net(), "r.txt"));
  EXPECT_THAT(config.skip_fusion_layers, ElementsAre("relu"));
  EXPECT_FALSE(config.FindLayer("relu")->quant_enable);
  EXPECT_THAT(
      ConfigOfRecord(Record(skip), Net(), "r.txt"),
      AllOf(HasReason("NOTHING_QUANTIZED"), StatusIs(kPrecondition, "r.txt")));
  EXPECT_THAT(ConfigOfRecord(Record(""), Net(), "r.txt"),
              HasReason("NOTHING_QUANTIZED"));
}

TEST(CheckKeysSurvivedFusionTest, FusedLayersHaveNoRecord) {
  FusionReport report;
  report.fused["conv"] = {"conv", "bn", "scale"};
  EXPECT_OK(
      CheckKeysSurvivedFusion(Record(Entry("conv", "")), report, "r.txt"));
  EXPECT_THAT(
      CheckKeysSurvivedFusion(Record(Entry("scale", "")), report, "r.txt"),
      AllOf(HasReason("LAYER_NOT_FOUND"),
            StatusIs(kInvalid, "r.txt: find scale failure in"),
            StatusIs(kInvalid, "fused into \"conv\"")));
}

TEST(CheckRecordUsedTest, AllReadersOfABlobHaveFactors) {
  EXPECT_OK(CheckUsed(Entry("conv", kInput0) + Entry("relu", kInput0)));
  const absl::Status status = CheckUsed(Entry("conv", kInput0));
  EXPECT_THAT(status, AllOf(HasReason("RECORD_INCONSISTENT"),
                            StatusIs(kPrecondition,
                                     "\"conv\" and \"relu\" read blob "
                                     "\"data\"")));
}

TEST(CheckRecordUsedTest, EachInputCounts) {
  EXPECT_OK(CheckUsed(Entry("sum", absl::StrCat(kInput0, kInput1))));
  // Also where an entry has no inputs at all.
  EXPECT_THAT(CheckUsed(Entry("conv", "scale_w: 1 offset_w: 0")),
              HasReason("RECORD_INCONSISTENT"));
}

TEST(CheckRecordUsedTest, LayersThatCannotBeQuantizedAreRefused) {
  EXPECT_THAT(CheckUsed(Entry("lstm", kInput0)),
              AllOf(HasReason("OPTION_CONFLICT"),
                    StatusIs(kInvalid, "layer lstm cannot be quantized")));
}

TEST(FindUnusedFieldsTest, ShiftBitIsToldOnce) {
  EXPECT_THAT(FindUnusedFields(Record(Entry("a", kInput0)), "r.txt"),
              IsEmpty());
  const std::vector<Warning> warnings = FindUnusedFields(
      Record(Entry("a", "shift_bit: 1") + Entry("b", "shift_bit: 1")), "r.txt");
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_EQ(warnings[0].reason, "SHIFT_BIT_IGNORED");
  EXPECT_EQ(warnings[0].metadata.at("layer"), "a");
}

}  // namespace
}  // namespace quantd
