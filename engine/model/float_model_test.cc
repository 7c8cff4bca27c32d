#include "engine/model/float_model.h"

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

absl::Status Check(const std::string& layer) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      absl::StrCat("layer { name: 'a' type: 'Input' } layer { name: 'b' ",
                   layer, " }"),
      &net));
  return CheckFloatModel(net);
}

TEST(FloatModelTest, FloatsOfBothWidthsAreFloats) {
  EXPECT_OK(Check("type: 'Convolution' blobs { data: 1 }"));
  EXPECT_OK(Check("type: 'Convolution' blobs { double_data: 1 }"));
  EXPECT_OK(Check("type: 'ReLU'"));
}

TEST(FloatModelTest, LayersOfAmctAreNamed) {
  for (const char* type :
       {"Quant", "DeQuant", "AntiQuant", "IFMR", "WeightQAT"}) {
    EXPECT_THAT(Check(absl::StrCat("type: '", type, "'")),
                AllOf(HasReason("MODEL_ALREADY_QUANTIZED"),
                      StatusIs(absl::StatusCode::kFailedPrecondition, "\"b\"")))
        << type;
  }
}

TEST(FloatModelTest, IntegerBlobsAreNamed) {
  for (const char* values :
       {"int8_data: '\\001'", "int32_data: 1", "uint64_data: 1"}) {
    EXPECT_THAT(Check(absl::StrCat("type: 'Convolution' blobs { data: 1 } "
                                   "blobs { ",
                                   values, " }")),
                AllOf(HasReason("MODEL_ALREADY_QUANTIZED"),
                      StatusIs(absl::StatusCode::kFailedPrecondition,
                               "\"b\" has integers in its blob 1")))
        << values;
  }
}

TEST(FloatModelTest, FakeQuantModelsHaveFloatBlobsDeployModelsDoNot) {
  caffe::NetParameter net;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "layer { name: 'q' type: 'Quant' } "
      "layer { name: 'c' type: 'Convolution' blobs { data: 1 } }",
      &net));
  EXPECT_OK(CheckFloatBlobs(net));
  net.mutable_layer(1)->mutable_blobs(0)->set_int8_data("\1");
  EXPECT_THAT(CheckFloatBlobs(net),
              AllOf(HasReason("MODEL_HAS_INTEGERS"),
                    StatusIs(absl::StatusCode::kFailedPrecondition, "\"c\"")));
}

}  // namespace
}  // namespace quantd
