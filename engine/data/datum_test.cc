#include "engine/data/datum.h"

#include <cstring>
#include <limits>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_images.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

absl::StatusOr<DecodedDatum> Decode(const std::string& record) {
  DecodedDatum decoded;
  RETURN_IF_ERROR(DecodeDatum(record, ColorMode::kAsStored, &decoded));
  return decoded;
}

caffe::Datum TwoPixels() {
  caffe::Datum datum;
  datum.set_channels(1);
  datum.set_height(1);
  datum.set_width(2);
  datum.set_label(5);
  return datum;
}

TEST(DatumTest, RawBytes) {
  caffe::Datum datum = TwoPixels();
  datum.set_data("\x01\xff");
  ASSERT_OK_AND_ASSIGN(const DecodedDatum decoded,
                       Decode(datum.SerializeAsString()));
  EXPECT_EQ(decoded.label, 5);
  EXPECT_EQ(decoded.image.width, 2);
  EXPECT_THAT(decoded.image.bytes, ElementsAre(1, 255));
  EXPECT_TRUE(decoded.image.floats.empty());
}

TEST(DatumTest, FloatDataPackedOrNot) {
  caffe::Datum datum = TwoPixels();
  datum.add_float_data(1.5f);
  datum.add_float_data(-2.0f);
  ASSERT_OK_AND_ASSIGN(DecodedDatum decoded, Decode(datum.SerializeAsString()));
  EXPECT_THAT(decoded.image.floats, ElementsAre(1.5f, -2.0f));

  const float values[2] = {1.5f, -2.0f};
  std::string packed = TwoPixels().SerializeAsString();
  packed += std::string("\x32\x08", 2);  // Field 6, length 8.
  packed.append(reinterpret_cast<const char*>(values), sizeof(values));
  ASSERT_OK_AND_ASSIGN(decoded, Decode(packed));
  EXPECT_THAT(decoded.image.floats, ElementsAre(1.5f, -2.0f));
}

TEST(DatumTest, EncodedImageStatesItsOwnSize) {
  caffe::Datum datum;
  datum.set_data(EncodePng(2, 1, 3, {1, 2, 3, 10, 20, 30}));
  datum.set_encoded(true);
  ASSERT_OK_AND_ASSIGN(const DecodedDatum decoded,
                       Decode(datum.SerializeAsString()));
  EXPECT_EQ(decoded.image.channels, 3);
  EXPECT_THAT(decoded.image.bytes, ElementsAre(3, 30, 2, 20, 1, 10));
}

TEST(DatumTest, UfwShapeAndType) {
  caffe::Datum datum;
  for (int dim : {1, 1, 1, 2}) datum.mutable_shape()->add_dim(dim);
  datum.set_dtype(caffe::Datum::INT16);
  datum.set_data(std::string("\x02\x00\xff\xff", 4));
  ASSERT_OK_AND_ASSIGN(const DecodedDatum decoded,
                       Decode(datum.SerializeAsString()));
  EXPECT_EQ(decoded.image.channels, 1);
  EXPECT_EQ(decoded.image.width, 2);
  EXPECT_THAT(decoded.image.floats, ElementsAre(2, -1));
}

TEST(DatumTest, UfwHalfPrecision) {
  // 1, -2, 2^-24 (the smallest), 65504 (the largest), infinity, 0.333251953125.
  caffe::Datum datum;
  datum.mutable_shape()->add_dim(6);
  datum.set_dtype(caffe::Datum::FP16);
  datum.set_data(
      std::string("\x00\x3c\x00\xc0\x01\x00\xff\x7b\x00\x7c\x55\x35", 12));
  ASSERT_OK_AND_ASSIGN(const DecodedDatum decoded,
                       Decode(datum.SerializeAsString()));
  EXPECT_THAT(
      decoded.image.floats,
      ElementsAre(1, -2, 0x1p-24f, 65504,
                  std::numeric_limits<float>::infinity(), 0.333251953125f));
}

TEST(DatumTest, AnnotatedDatumIsUnwrapped) {
  caffe::Datum datum = TwoPixels();
  datum.set_data("\x01\x02");
  const std::string inner = datum.SerializeAsString();
  const std::string record =
      std::string("\x0a") + static_cast<char>(inner.size()) + inner;
  ASSERT_OK_AND_ASSIGN(const DecodedDatum decoded, Decode(record));
  EXPECT_THAT(decoded.image.bytes, ElementsAre(1, 2));
}

TEST(DatumTest, RefusesWrongCounts) {
  caffe::Datum datum = TwoPixels();
  datum.set_data("\x01\x02\x03");
  EXPECT_THAT(Decode(datum.SerializeAsString()),
              StatusIs(Code::kFailedPrecondition, "1x1x2 (CxHxW)"));
  datum.clear_data();
  EXPECT_THAT(Decode(datum.SerializeAsString()), HasReason("DATASET_CORRUPT"));
  datum.set_width(0);
  EXPECT_THAT(Decode(datum.SerializeAsString()), HasReason("DATASET_CORRUPT"));
}

TEST(DatumTest, RefusesImpossibleDimensions) {
  caffe::Datum datum = TwoPixels();
  datum.set_data("\x01\x02");
  datum.set_height(2000000000);
  datum.set_channels(2000000000);
  EXPECT_THAT(Decode(datum.SerializeAsString()),
              StatusIs(Code::kFailedPrecondition, "impossible"));
  datum.set_height(-1);
  EXPECT_THAT(Decode(datum.SerializeAsString()), HasReason("DATASET_CORRUPT"));
}

TEST(DatumTest, RefusesWhatIsNoDatum) {
  EXPECT_THAT(Decode("\xff\xff\xff"), HasReason("DATASET_CORRUPT"));
  EXPECT_THAT(Decode(""), HasReason("DATASET_CORRUPT"));
  caffe::Datum datum;
  datum.set_encoded(true);
  datum.set_data("not an image");
  EXPECT_THAT(Decode(datum.SerializeAsString()),
              StatusIs(Code::kFailedPrecondition, "neither JPEG nor PNG"));
}

}  // namespace
}  // namespace quantd::testing
