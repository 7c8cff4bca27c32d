#include "engine/model/proto_merge.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Code = absl::StatusCode;

// A custom.proto whose LayerParameter has `fields`, and `messages`.
absl::StatusOr<MergedProto> Merge(const std::string& fields,
                                  const std::string& messages = "") {
  return MergeCustomProto(
      absl::StrCat("message LayerParameter { ", fields, " }\n", messages),
      "custom.proto");
}

int CountMessages(const MergedProto& merged, const std::string& name) {
  int count = 0;
  for (const auto& message : merged.file.message_type()) {
    count += message.name() == name;
  }
  return count;
}

constexpr char kMine[] = "message MyParameter { optional float a = 1; }";

TEST(ProtoMergeTest, AddsFieldsAndMessages) {
  ASSERT_OK_AND_ASSIGN(const MergedProto merged,
                       Merge("optional MyParameter my_param = 2060;", kMine));
  EXPECT_EQ(CountMessages(merged, "MyParameter"), 1);
  EXPECT_EQ(CountMessages(merged, "LayerParameter"), 1);
  EXPECT_EQ(CountMessages(merged, "UnpoolingParameter"), 1);
  EXPECT_THAT(merged.replaced_fields, IsEmpty());
}

TEST(ProtoMergeTest, Rule1NumbersAndNamesOfAmct) {
  EXPECT_THAT(Merge("optional MyParameter my_param = 208;", kMine),
              StatusIs(Code::kInvalidArgument,
                       "Field number 208 has already been used in "
                       "\"caffe.LayerParameter\" by field \"quant_param\""));
  EXPECT_THAT(Merge("optional MyParameter my_param = 200001;", kMine),
              HasReason("CUSTOM_PROTO_INVALID"));
  EXPECT_THAT(Merge("optional MyParameter quant_param = 2060;", kMine),
              StatusIs(Code::kInvalidArgument,
                       "\"quant_param\" is already defined in "
                       "\"caffe.LayerParameter\""));
  EXPECT_THAT(Merge("optional MyParameter quant_param = 208;", kMine),
              HasReason("CUSTOM_PROTO_INVALID"));
}

TEST(ProtoMergeTest, Rule2MessagesOfAmct) {
  for (const char* name :
       {"QuantParameter", "DeQuantParameter", "IFMRParameter",
        "LSTMQuantParameter", "SearchNParameter", "RetrainDataQuantParameter",
        "RetrainWeightQuantParameter", "SingleLayerRecord",
        "ScaleOffsetRecord"}) {
    EXPECT_THAT(
        Merge("", absl::StrCat("message ", name, " { }")),
        StatusIs(Code::kInvalidArgument,
                 absl::StrCat("Find duplicate message define of ", name)));
  }
}

TEST(ProtoMergeTest, Rule3NumbersOfCaffeAndAtc) {
  EXPECT_THAT(Merge("optional MyParameter my_param = 206;", kMine),
              StatusIs(Code::kInvalidArgument, "by field \"norm_param\""));
  EXPECT_THAT(Merge("optional MyParameter my_param = 106;", kMine),
              StatusIs(Code::kInvalidArgument, "convolution_param"));
  EXPECT_THAT(Merge("optional MyParameter relu_param = 2060;", kMine),
              StatusIs(Code::kInvalidArgument, "already defined"));
  EXPECT_THAT(Merge("optional MyParameter a = 2060;"
                    "optional MyParameter a = 2061;",
                    kMine),
              StatusIs(Code::kInvalidArgument, "already defined"));
  EXPECT_THAT(Merge("optional MyParameter a = 2060;"
                    "optional MyParameter b = 2060;",
                    kMine),
              StatusIs(Code::kInvalidArgument, "Field number 2060"));
}

TEST(ProtoMergeTest, Rule4MessagesOfCaffeAreReplaced) {
  ASSERT_OK_AND_ASSIGN(
      const MergedProto merged,
      Merge("optional NormalizeParameter norm_param = 206;"
            "optional ROIPoolingParameter roi_pooling_param = 8266711;",
            "message NormalizeParameter { optional string mine = 1; }"
            "message ROIPoolingParameter { optional uint32 pooled_h = 7; }"));
  EXPECT_THAT(merged.replaced_fields,
              ElementsAre("norm_param", "roi_pooling_param"));
  EXPECT_EQ(CountMessages(merged, "NormalizeParameter"), 1);
  EXPECT_EQ(CountMessages(merged, "ROIPoolingParameter"), 1);
  for (const char* name : {"NetParameter", "BlobProto", "V1LayerParameter"}) {
    EXPECT_THAT(Merge("", absl::StrCat("message ", name, " { }")),
                StatusIs(Code::kInvalidArgument, "cannot be replaced"));
  }
}

TEST(ProtoMergeTest, FieldsMustBeOptional) {
  EXPECT_THAT(Merge("repeated MyParameter my_param = 2060;", kMine),
              StatusIs(Code::kInvalidArgument, "must be optional"));
}

TEST(ProtoMergeTest, BadFilesNameTheLine) {
  const auto merge = [](const std::string& text) {
    return MergeCustomProto(text, "custom.proto").status();
  };
  EXPECT_THAT(merge("message A {\n  optional float = 1;\n}"),
              StatusIs(Code::kInvalidArgument, "custom.proto:2: "));
  EXPECT_THAT(merge("import \"other.proto\";"),
              StatusIs(Code::kInvalidArgument, "import"));
  EXPECT_THAT(merge("package other;"),
              StatusIs(Code::kInvalidArgument, "package other"));
  EXPECT_THAT(merge("syntax = \"proto3\";"),
              StatusIs(Code::kInvalidArgument, "proto3"));
  std::string nested;
  for (int i = 0; i < 90000; ++i) nested += "message A {";
  EXPECT_THAT(merge(nested), StatusIs(Code::kInvalidArgument, "braces"));
  EXPECT_THAT(merge(std::string(2 << 20, ' ')),
              StatusIs(Code::kInvalidArgument, "limit"));
  EXPECT_OK(merge(""));
  EXPECT_OK(merge("syntax = \"proto2\"; package caffe; enum E { A_E = 0; }"));
}

}  // namespace
}  // namespace quantd::testing
