#include "engine/core/blob_proto.h"

#include <string>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::absl::StatusCode;
using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;

caffe::BlobProto Blob(const std::string& text) {
  caffe::BlobProto blob;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &blob));
  return blob;
}

TEST(BlobProtoTest, LegacyShapesAreAlignedFromTheRight) {
  Tensor bias({3});
  ASSERT_OK(LoadBlob(Blob("num: 1 channels: 1 height: 1 width: 3 "
                          "data: [1, 2, 3]"),
                     &bias));
  EXPECT_THAT(bias.values(), ElementsAre(1, 2, 3));
  Tensor matrix({3, 1});
  EXPECT_THAT(LoadBlob(Blob("num: 1 channels: 1 height: 1 width: 3 "
                            "data: [1, 2, 3]"),
                       &matrix),
              StatusIs(StatusCode::kFailedPrecondition,
                       "have shape 1x1x1x3, the layer expects 3x1"));
  Tensor five({1, 1, 1, 1, 3});
  EXPECT_THAT(LoadBlob(Blob("width: 3 data: [1, 2, 3]"), &five),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
}

TEST(BlobProtoTest, ShapesMustBeEqual) {
  Tensor bias({3});
  EXPECT_THAT(LoadBlob(Blob("shape { dim: 1 dim: 3 } data: [1, 2, 3]"), &bias),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
}

TEST(BlobProtoTest, ValuesAreCountedAndChosenInOrder) {
  Tensor target({2});
  ASSERT_OK(LoadBlob(Blob("shape { dim: 2 } data: [1, 2] "
                          "double_data: [3, 4]"),
                     &target));
  EXPECT_THAT(target.values(), ElementsAre(3, 4));
  ASSERT_OK(
      LoadBlob(Blob("shape { dim: 2 } int8_data: '\\377\\002'"), &target));
  EXPECT_THAT(target.values(), ElementsAre(-1, 2));
  ASSERT_OK(LoadBlob(Blob("shape { dim: 2 } int32_data: [5, -6]"), &target));
  EXPECT_THAT(target.values(), ElementsAre(5, -6));
  ASSERT_OK(LoadBlob(Blob("shape { dim: 2 } uint64_data: [7, 8]"), &target));
  EXPECT_THAT(target.values(), ElementsAre(7, 8));
  EXPECT_THAT(LoadBlob(Blob("shape { dim: 2 } data: [1, 2, 3]"), &target),
              StatusIs(StatusCode::kFailedPrecondition, "carries 3 values"));
}

TEST(BlobProtoTest, HugeShapesAreRefusedBeforeMemoryIsTaken) {
  EXPECT_THAT(MakeTensor(Blob("shape { dim: 2000000000 } data: 1")),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
  EXPECT_THAT(MakeTensor(Blob("shape { dim: 100000 dim: 100000 }")),
              StatusIs(StatusCode::kInvalidArgument, "elements"));
  EXPECT_THAT(MakeTensor(Blob("num: -1 channels: 1 height: 1 width: 1")),
              StatusIs(StatusCode::kInvalidArgument, "negative"));
}

TEST(BlobProtoTest, RoundTrip) {
  Tensor tensor({2, 1});
  tensor.data()[1] = 0.5f;
  const caffe::BlobProto proto = ToBlobProto(tensor);
  EXPECT_EQ(ShapeOf(proto).value(), Shape({2, 1}));
  ASSERT_OK_AND_ASSIGN(Tensor again, MakeTensor(proto));
  EXPECT_THAT(again.values(), ElementsAre(0, 0.5f));
}

TEST(BlobProtoTest, WithoutAShape) {
  EXPECT_EQ(ShapeOf(Blob("data: 1")).value(), Shape());
  EXPECT_EQ(ShapeOf(Blob("data: [1, 2]")).value(), Shape({2}));
}

}  // namespace
}  // namespace quantd
