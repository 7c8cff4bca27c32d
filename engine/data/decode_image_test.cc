#include "engine/data/decode_image.h"

#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_images.h"

namespace quantd::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using Code = absl::StatusCode;

// Two pixels: (R,G,B) = (1,2,3) and (10,20,30).
const std::vector<uint8_t> kTwoPixels = {1, 2, 3, 10, 20, 30};

TEST(DecodeImageTest, PngBecomesPlanarBgr) {
  Image image;
  ASSERT_OK(DecodeImage(EncodePng(2, 1, 3, kTwoPixels), ColorMode::kAsStored,
                        &image));
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.height, 1);
  EXPECT_EQ(image.width, 2);
  EXPECT_THAT(image.bytes, ElementsAre(3, 30, 2, 20, 1, 10));
}

TEST(DecodeImageTest, PngForcedToColorOrGray) {
  Image image;
  ASSERT_OK(DecodeImage(EncodePng(2, 1, 1, {7, 9}), ColorMode::kColor, &image));
  EXPECT_THAT(image.bytes, ElementsAre(7, 9, 7, 9, 7, 9));
  ASSERT_OK(
      DecodeImage(EncodePng(2, 1, 1, {7, 9}), ColorMode::kAsStored, &image));
  EXPECT_THAT(image.bytes, ElementsAre(7, 9));
  ASSERT_OK(DecodeImage(EncodePng(1, 1, 3, {100, 50, 200}), ColorMode::kGray,
                        &image));
  EXPECT_EQ(image.channels, 1);
  EXPECT_NEAR(image.bytes[0], 0.299 * 100 + 0.587 * 50 + 0.114 * 200, 1);
}

TEST(DecodeImageTest, PngAlphaStaysOnlyAsStored) {
  const std::string png = EncodePng(1, 1, 4, {1, 2, 3, 128});
  Image image;
  ASSERT_OK(DecodeImage(png, ColorMode::kAsStored, &image));
  EXPECT_THAT(image.bytes, ElementsAre(3, 2, 1, 128));
  ASSERT_OK(DecodeImage(png, ColorMode::kColor, &image));
  EXPECT_THAT(image.bytes, ElementsAre(3, 2, 1));
}

TEST(DecodeImageTest, Png16NeedsForce) {
  const std::string png = EncodePng16(1, 1, {0x1234});
  Image image;
  EXPECT_THAT(DecodeImage(png, ColorMode::kAsStored, &image),
              StatusIs(Code::kFailedPrecondition, "16 bits"));
  ASSERT_OK(DecodeImage(png, ColorMode::kGray, &image));
  EXPECT_THAT(image.bytes, ElementsAre(0x12));
}

TEST(DecodeImageTest, JpegBecomesPlanarBgr) {
  std::vector<uint8_t> red;
  for (int i = 0; i < 64; ++i) red.insert(red.end(), {200, 40, 10});
  Image image;
  ASSERT_OK(
      DecodeImage(EncodeJpeg(8, 8, 3, red), ColorMode::kAsStored, &image));
  ASSERT_EQ(image.bytes.size(), 3u * 64);
  EXPECT_NEAR(image.bytes[0], 10, 3);
  EXPECT_NEAR(image.bytes[64], 40, 3);
  EXPECT_NEAR(image.bytes[128], 200, 3);
}

TEST(DecodeImageTest, JpegForcedToColorOrGray) {
  const std::vector<uint8_t> gray(64, 90);
  Image image;
  ASSERT_OK(
      DecodeImage(EncodeJpeg(8, 8, 1, gray), ColorMode::kAsStored, &image));
  EXPECT_EQ(image.channels, 1);
  ASSERT_OK(DecodeImage(EncodeJpeg(8, 8, 1, gray), ColorMode::kColor, &image));
  EXPECT_EQ(image.channels, 3);
  EXPECT_THAT(image.bytes, Each(90));
}

TEST(DecodeImageTest, RefusesOtherFormats) {
  Image image;
  EXPECT_THAT(DecodeImage("GIF89a", ColorMode::kAsStored, &image),
              HasReason("DATASET_CORRUPT"));
  EXPECT_THAT(DecodeImage("", ColorMode::kAsStored, &image),
              HasReason("DATASET_CORRUPT"));
}

TEST(DecodeImageTest, RefusesEveryTruncation) {
  std::vector<uint8_t> noise(3 * 16 * 16);
  for (size_t i = 0; i < noise.size(); ++i) noise[i] = i * 37 % 251;
  Image image;
  for (const std::string& file :
       {EncodePng(16, 16, 3, noise), EncodeJpeg(16, 16, 3, noise)}) {
    ASSERT_OK(DecodeImage(file, ColorMode::kAsStored, &image));
    // The last two bytes of a JPEG are only its end marker.
    for (size_t size = 0; size + 2 < file.size(); size += 5) {
      EXPECT_THAT(
          DecodeImage(file.substr(0, size), ColorMode::kAsStored, &image),
          HasReason("DATASET_CORRUPT"))
          << size << " of " << file.size();
    }
  }
}

TEST(DecodeImageTest, SurvivesDamage) {
  std::vector<uint8_t> noise(3 * 16 * 16);
  for (size_t i = 0; i < noise.size(); ++i) noise[i] = i * 37 % 251;
  Image image;
  for (const std::string& file :
       {EncodePng(16, 16, 3, noise), EncodeJpeg(16, 16, 3, noise)}) {
    for (size_t i = 0; i < file.size(); ++i) {
      std::string damaged = file;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
      const absl::Status status =
          DecodeImage(damaged, ColorMode::kColor, &image);
      EXPECT_TRUE(status.ok() || ErrorReason(status) == "DATASET_CORRUPT")
          << status;
    }
  }
}

// A header that asks for gigabytes is refused before memory is taken.
TEST(DecodeImageTest, RefusesHugeHeaders) {
  std::string jpeg = EncodeJpeg(8, 8, 1, std::vector<uint8_t>(64, 1));
  // Start of frame: marker, length, precision, height, width.
  const size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  for (int i = 5; i < 9; ++i) jpeg[frame + i] = static_cast<char>(0xf0);
  Image image;
  EXPECT_THAT(DecodeImage(jpeg, ColorMode::kAsStored, &image),
              StatusIs(Code::kFailedPrecondition, "larger than the limit"));
}

}  // namespace
}  // namespace quantd::testing
