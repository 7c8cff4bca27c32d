#include "engine/export/record_file.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::AllOf;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

const char kGolden[] = R"(record {
  key: "conv1"
  value {
    scale_w: 0.0057898927
    scale_w: 8.862507e-07
    offset_w: 0
    offset_w: 0
    num_bits_w: 8
    record_d {
      scale_d: 0.051592775
      offset_d: -128
      index: 0
      channels: 3
      height: 32
      width: 32
      num_bits_d: 8
    }
  }
}
record {
  key: "pool1"
  value {
    scale_w: 1
    offset_w: 0
    record_d {
      scale_d: 1.5
      offset_d: 0
      index: 0
    }
  }
}
)";

caffe::NetParameter Net() {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        layer {
          name: "conv1"
          type: "Convolution"
          bottom: "data"
          top: "c"
          blobs {
            shape { dim: 2 dim: 1 }
            data: [ 1, 2 ]
          }
        }
        layer { name: "pool1" type: "Pooling" bottom: "c" top: "p" }
        layer { name: "drop" type: "Dropout" bottom: "p" top: "d" }
        layer {
          name: "lstm"
          type: "LSTM"
          bottom: "d"
          bottom: "cont"
          top: "h"
          blobs { shape { dim: 4 dim: 1 } }
          blobs { shape { dim: 4 } }
          blobs { shape { dim: 4 dim: 1 } }
        }
      )pb",
      &net));
  return net;
}

// Reads and validates a record of conv1 whose value holds `fields`.
absl::Status Check(const std::string& fields, const char* key = "conv1") {
  const auto record = ParseRecord(
      absl::StrCat("record { key: '", key, "' value { ", fields, " } }"),
      "r.txt");
  if (!record.ok()) return record.status();
  return ValidateRecord(*record, Net(), "r.txt");
}
absl::Status CheckInput(const std::string& fields) {
  return Check(absl::StrCat("record_d { index: 0 ", fields, " }"));
}

TEST(RecordFileTest, ReadsAndWritesTheSameText) {
  ASSERT_OK_AND_ASSIGN(const auto record, ParseRecord(kGolden, "r.txt"));
  EXPECT_OK(ValidateRecord(record, Net(), "r.txt"));
  EXPECT_EQ(RecordToText(record), kGolden);
}

TEST(RecordFileTest, TheLastOfRepeatedOptionalFieldsCounts) {
  ASSERT_OK_AND_ASSIGN(
      const auto record,
      ParseRecord("record { key: 'a' key: 'b' value: { num_bits_w: 4 "
                  "num_bits_w: 8 } }  # comment",
                  "r.txt"));
  EXPECT_EQ(record.record(0).key(), "b");
  EXPECT_EQ(record.record(0).value().num_bits_w(), 8);
}

TEST(RecordFileTest, SyntaxErrorsNameLineAndColumn) {
  // A field of CANN's schema.
  EXPECT_THAT(
      ParseRecord("record {\n  key: 'a'\n  value { scale_d: 1 }\n}", "r.txt"),
      AllOf(HasReason("RECORD_INVALID"), StatusIs(kInvalid, "r.txt:3:"),
            StatusIs(kInvalid,
                     "please ensure it matches with "
                     "scale_offset_record.proto!")));
  EXPECT_THAT(ParseRecord("record {", "r.txt"), HasReason("RECORD_INVALID"));
  EXPECT_THAT(ParseRecord(std::string("\0\xff", 2), "r.txt"),
              HasReason("RECORD_INVALID"));
  EXPECT_THAT(
      ParseRecord("record { value { record_d { scale_d: 1 } } }", "r.txt"),
      StatusIs(kInvalid, "index"));
}

TEST(RecordFileTest, KeysMustBeQuantizableLayers) {
  EXPECT_THAT(Check("", "conv9"),
              AllOf(HasReason("LAYER_NOT_FOUND"),
                    StatusIs(kInvalid, "find conv9 failure in")));
  EXPECT_THAT(Check("", "drop"),
              StatusIs(kInvalid, "layer drop cannot be quantized "));
  const auto validate = [](const char* text) {
    return ValidateRecord(*ParseRecord(text, "r.txt"), Net(), "r.txt");
  };
  EXPECT_THAT(validate("record { value {} }"),
              StatusIs(kInvalid, "Cannot find \"key\" in record file."));
  EXPECT_THAT(
      validate("record { key: 'conv1' }"),
      StatusIs(kInvalid, "cannot find 'value' in conv1 in record_file."));
  EXPECT_THAT(validate("record { key: 'conv1' value {} }"
                       "record { key: 'conv1' value {} }"),
              HasReason("RECORD_INVALID"));
}

TEST(RecordFileTest, DataFactorsHaveRanges) {
  EXPECT_OK(CheckInput("scale_d: 1 offset_d: -128"));
  EXPECT_OK(CheckInput("scale_d: 1 offset_d: 2047 num_bits_d: 12"));
  EXPECT_THAT(CheckInput("offset_d: 128"),
              StatusIs(kInvalid,
                       "offset_d's value should be in [-128, 127] in "
                       "layer conv1."));
  EXPECT_THAT(CheckInput("offset_d: 2048 num_bits_d: 12"),
              StatusIs(kInvalid, "[-2048, 2047]"));
  EXPECT_FALSE(CheckInput("num_bits_d: 7").ok());
  EXPECT_FALSE(CheckInput("num_bits_d: 17").ok());
  for (const char* scale : {"0", "-1", "inf", "nan", "1e-8", "1e8"}) {
    EXPECT_THAT(CheckInput(absl::StrCat("scale_d: ", scale)),
                AllOf(HasReason("SCALE_OUT_OF_RANGE"),
                      StatusIs(absl::StatusCode::kFailedPrecondition,
                               "scale_d's value shoule be in positivate range "
                               "of float32 in layer conv1.")))
        << scale;
  }
  EXPECT_FALSE(Check("record_d { index: 1 }").ok());
  EXPECT_FALSE(Check("record_d { index: 0 } record_d { index: 0 }").ok());
}

TEST(RecordFileTest, WeightFactorsHaveRanges) {
  EXPECT_OK(Check("scale_w: 1 offset_w: 0"));
  EXPECT_OK(Check("scale_w: 1 scale_w: 2 offset_w: 0 offset_w: 0"));
  EXPECT_THAT(
      Check("scale_w: 1 offset_w: 3"),
      StatusIs(kInvalid, "offset_w's value should be 0 in layer conv1."));
  EXPECT_FALSE(Check("scale_w: 1").ok());
  EXPECT_FALSE(Check("scale_w: 0 offset_w: 0").ok());
  EXPECT_FALSE(Check("scale_w: [1, 1, 1] offset_w: [0, 0, 0]").ok());
  EXPECT_FALSE(Check("scale_w: 2 offset_w: 0", "pool1").ok());
  EXPECT_OK(Check("scale_w: 1 offset_w: 0 num_bits_w: 4"));
  EXPECT_THAT(Check("scale_w: 1 offset_w: 0 num_bits_w: 5"),
              StatusIs(kInvalid, "num_bits_w's value should be 8 or 4"));
  EXPECT_OK(Check("shift_bit: 1 shift_bit: 16"));
  EXPECT_THAT(Check("shift_bit: 0 shift_bit: 1"),
              StatusIs(kInvalid,
                       "shift_bit's value shoule be in [1, 16] or "
                       "all be 0 in layer conv1"));
}

TEST(RecordFileTest, RecurrentLayersHaveOneScalePerWeightBlob) {
  EXPECT_OK(Check("scale_w: [1, 2] offset_w: [0, 0]", "lstm"));
  for (const char* scales :
       {"scale_w: 1 offset_w: 0", "scale_w: [1, 2, 3] offset_w: [0, 0, 0]"}) {
    EXPECT_THAT(Check(scales, "lstm"),
                AllOf(HasReason("RECORD_INVALID"),
                      StatusIs(kInvalid,
                               "one value per weight blob (2) for layer "
                               "type LSTM")))
        << scales;
  }
  EXPECT_FALSE(
      Check("scale_w: [1, 2] offset_w: [0, 0] num_bits_w: 4", "lstm").ok());
  EXPECT_FALSE(Check("record_d { index: 1 }", "lstm").ok());
}

TEST(RecordFileTest, DamagedTextIsReadOrRefusedButNeverCrashes) {
  std::mt19937 random(12);
  for (int i = 0; i < 3000; ++i) {
    std::string text = kGolden;
    for (int k = 0; k < 3; ++k) {
      text[random() % text.size()] = "{}\":-9e.\0\xff \n"[random() % 12];
    }
    const auto record = ParseRecord(text, "r.txt");
    const absl::Status status =
        record.ok() ? ValidateRecord(*record, Net(), "r.txt") : record.status();
    EXPECT_TRUE(status.ok() || !ErrorReason(status).empty()) << text;
  }
}

class PlanRecordTest : public ::testing::Test {
 protected:
  PlanRecordTest() {
    plan_.blobs.resize(1);
    plan_.blobs[0].blob = "data";
    plan_.blobs[0].consumers = {{0, "conv1", 0}, {1, "pool1", 0}};
    plan_.weights.push_back({0, "conv1", {}});
    record_ = *ParseRecord(
        "record { key: 'pool1' value { "
        "record_d { index: 0 scale_d: 2 offset_d: 0 } } }"
        "record { key: 'conv1' value { scale_w: 1 offset_w: 0 "
        "record_d { index: 0 scale_d: 2 offset_d: 0 num_bits_d: 8 } } }"
        "record { key: 'extra' value {} }",
        "r.txt");
  }
  QuantPlan plan_;
  amct::ScaleOffsetRecord record_;
};

TEST_F(PlanRecordTest, ACompleteRecordCovers) {
  EXPECT_OK(CheckRecordCovers(record_, plan_));
}

TEST_F(PlanRecordTest, MissingFactorsNameTheLayer) {
  auto* conv = record_.mutable_record(1)->mutable_value();
  conv->clear_scale_w();
  EXPECT_THAT(CheckRecordCovers(record_, plan_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "Cannot find scale_w of layer 'conv1' in record file"));
  conv->mutable_record_d(0)->clear_offset_d();
  EXPECT_THAT(CheckRecordCovers(record_, plan_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "Cannot find offset_d of layer 'conv1' in record file"));
  conv->mutable_record_d(0)->clear_scale_d();
  EXPECT_THAT(CheckRecordCovers(record_, plan_),
              AllOf(HasReason("RECORD_INCOMPLETE"),
                    StatusIs(absl::StatusCode::kFailedPrecondition,
                             "Cannot find scale_d of layer 'conv1' in record "
                             "file")));
}

TEST_F(PlanRecordTest, ConsumersOfABlobMustAgree) {
  record_.mutable_record(0)->mutable_value()->mutable_record_d(0)->set_offset_d(
      1);
  EXPECT_THAT(CheckRecordCovers(record_, plan_),
              HasReason("RECORD_INCONSISTENT"));
}

TEST_F(PlanRecordTest, SkipFusionIsKeptWhereNothingElseIs) {
  plan_.blobs[0].consumers = {{0, "conv1", 0}};
  auto* pool = record_.mutable_record(0)->mutable_value();
  ASSERT_EQ(RecordOfPlan(record_, Net(), plan_).record_size(), 1);
  pool->set_skip_fusion(true);
  const auto part = RecordOfPlan(record_, Net(), plan_);
  ASSERT_EQ(part.record_size(), 2);
  EXPECT_EQ(part.record(1).key(), "pool1");
  EXPECT_TRUE(part.record(1).value().skip_fusion());
  EXPECT_EQ(part.record(1).value().record_d_size(), 0);
}

TEST_F(PlanRecordTest, OnlyThePlansPartInNetOrderIsKept) {
  const auto part = RecordOfPlan(record_, Net(), plan_);
  ASSERT_EQ(part.record_size(), 2);
  EXPECT_EQ(part.record(0).key(), "conv1");
  EXPECT_EQ(part.record(1).key(), "pool1");
}

}  // namespace
}  // namespace quantd
