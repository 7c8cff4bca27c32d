#include "engine/export/cann_record.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::google::protobuf::TextFormat;
using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// As CANN's AMCT prints it, floats shortened.
const char kText[] = R"(record {
  key: "conv1"
  value {
    scale_d: 1.0745099
    offset_d: -14
    scale_w: 0.0044893427
    scale_w: 8.862507e-07
    offset_w: 0
    offset_w: 0
    shift_bit: 3
    shift_bit: 4
    channels: 3
    height: 224
    width: 224
    skip_fusion: true
  }
}
record {
  key: "pool1"
  value {
    scale_d: 0.5
    offset_d: -128
  }
}
record {
  key: "bn1"
  value {
    skip_fusion: true
  }
}
)";

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

TEST(CannRecordTest, ReadsWhatItWrites) {
  ASSERT_OK_AND_ASSIGN(const amct::ScaleOffsetRecord record,
                       ParseCannRecord(kText, "record.txt"));
  EXPECT_EQ(CannRecordToText(record), kText);

  const amct::SingleLayerRecord& conv = record.record(0).value();
  EXPECT_EQ(conv.scale_w(1), 8.862507e-07f);
  EXPECT_EQ(conv.shift_bit(1), 4);
  EXPECT_TRUE(conv.skip_fusion());
  ASSERT_EQ(conv.record_d_size(), 1);
  EXPECT_EQ(conv.record_d(0).index(), 0);
  EXPECT_EQ(conv.record_d(0).scale_d(), 1.0745099f);
  EXPECT_EQ(conv.record_d(0).offset_d(), -14);
  EXPECT_EQ(conv.record_d(0).width(), 224);
  EXPECT_EQ(record.record(1).value().scale_w_size(), 0);
  EXPECT_EQ(record.record(2).value().record_d_size(), 0);
}

TEST(CannRecordTest, WhatTheSchemaLacksIsLeftOut) {
  const auto record = Parse<amct::ScaleOffsetRecord>(
      "record { key: 'a' value { object_layer: 'x' num_bits_w: 8 "
      "record_d { index: 1 scale_d: 3 } "
      "record_d { index: 0 scale_d: 2 num_bits_d: 8 } } }");
  EXPECT_EQ(ToCannRecord(record).DebugString(),
            Parse<amct::nnn::ScaleOffsetRecord>(
                "record { key: 'a' value { scale_d: 2 } }")
                .DebugString());
}

TEST(CannRecordTest, OtherSchemasAndBrokenTextAreRefused) {
  EXPECT_THAT(
      ParseCannRecord("record { key: 'a' value { record_d { index: 0 "
                      "scale_d: 1 } } }",
                      "mine.txt"),
      AllOf(HasReason("RECORD_INVALID"), StatusIs(kInvalid, "mine.txt:1:")));
  EXPECT_THAT(ParseCannRecord("record {", "mine.txt"),
              HasReason("RECORD_INVALID"));
  // The last of repeated values counts.
  ASSERT_OK_AND_ASSIGN(
      const auto record,
      ParseCannRecord("record { key: 'a' value { scale_d: 1 scale_d: 2 } }",
                      "mine.txt"));
  EXPECT_EQ(record.record(0).value().record_d(0).scale_d(), 2);
}

TEST(CannRecordTest, LayersAndShiftsMustFit) {
  const auto net = Parse<caffe::NetParameter>(R"pb(
    layer { name: "conv" type: "Convolution" }
    layer { name: "relu" type: "ReLU" }
    layer {
      name: "ave"
      type: "Pooling"
      pooling_param { pool: AVE kernel_size: 2 }
    }
    layer { name: "max" type: "Pooling" }
  )pb");
  const auto check = [&net](const std::string& text) {
    return CheckAscendRecord(Parse<amct::ScaleOffsetRecord>(text), net, "r");
  };
  EXPECT_OK(check("record { key: 'conv' value { scale_w: [1, 2] } }"));
  EXPECT_OK(check(
      "record { key: 'conv' value { scale_w: [1, 2] shift_bit: [1, 2] } }"));
  EXPECT_OK(
      check("record { key: 'ave' value { record_d { index: 0 } "
            "shift_bit: 1 } }"));
  EXPECT_OK(check("record { key: 'relu' value { skip_fusion: true } }"));
  EXPECT_THAT(check("record { key: 'conv' value { scale_w: [1, 2] "
                    "shift_bit: 1 } }"),
              AllOf(HasReason("RECORD_INVALID"), StatusIs(kInvalid, "conv")));
  EXPECT_THAT(check("record { key: 'relu' value { record_d { index: 0 } } }"),
              AllOf(HasReason("OPTION_CONFLICT"), StatusIs(kInvalid, "relu")));
  EXPECT_THAT(
      check("record { key: 'max' value { record_d { index: 0 } } }"),
      AllOf(HasReason("OPTION_CONFLICT"), StatusIs(kInvalid, "average")));
}

}  // namespace
}  // namespace quantd
