#include "engine/data/resize_image.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

Image MakeImage(int64_t channels, int64_t height, int64_t width,
                std::vector<uint8_t> bytes) {
  Image image;
  image.channels = channels;
  image.height = height;
  image.width = width;
  image.bytes = std::move(bytes);
  return image;
}

std::vector<uint8_t> Resized(Image image, int64_t height, int64_t width) {
  ResizeBilinear(height, width, &image);
  EXPECT_EQ(image.height, height);
  EXPECT_EQ(image.width, width);
  EXPECT_EQ(image.bytes.size(), static_cast<size_t>(image.num_elements()));
  return image.bytes;
}

TEST(ResizeImageTest, SameSizeIsACopy) {
  EXPECT_THAT(Resized(MakeImage(1, 2, 2, {1, 2, 3, 4}), 2, 2),
              ElementsAre(1, 2, 3, 4));
}

// Places -0.25, 0.25, 0.75, 1.25 of a row of two.
TEST(ResizeImageTest, EnlargesARow) {
  EXPECT_THAT(Resized(MakeImage(1, 1, 2, {0, 100}), 1, 4),
              ElementsAre(0, 25, 75, 100));
}

TEST(ResizeImageTest, EnlargesAColumn) {
  EXPECT_THAT(Resized(MakeImage(1, 2, 1, {0, 100}), 4, 1),
              ElementsAre(0, 25, 75, 100));
}

// Half in both directions is the mean of four, rounded; half in one direction
// mixes the two neighbours with equal weights.
TEST(ResizeImageTest, Halves) {
  EXPECT_THAT(Resized(MakeImage(1, 2, 4, {1, 2, 9, 9, 3, 4, 9, 10}), 1, 2),
              ElementsAre(3, 9));
  EXPECT_THAT(Resized(MakeImage(1, 1, 4, {1, 2, 10, 20}), 1, 2),
              ElementsAre(2, 15));
}

TEST(ResizeImageTest, ChannelsAreApart) {
  EXPECT_THAT(Resized(MakeImage(2, 1, 1, {7, 200}), 2, 3),
              ElementsAre(7, 7, 7, 7, 7, 7, 200, 200, 200, 200, 200, 200));
}

TEST(ResizeImageTest, ConstantImagesStayConstant) {
  for (const int value : {0, 1, 127, 254, 255}) {
    const Image image = MakeImage(
        1, 13, 17, std::vector<uint8_t>(13 * 17, static_cast<uint8_t>(value)));
    for (const auto& [height, width] :
         {std::pair{1, 1}, {5, 29}, {26, 34}, {40, 7}, {6, 8}}) {
      EXPECT_THAT(Resized(image, height, width), Each(value));
    }
  }
}

// Within a step of bilinear interpolation in double precision.
TEST(ResizeImageTest, IsBilinear) {
  Image image = MakeImage(1, 11, 7, {});
  for (int i = 0; i < 77; ++i) {
    image.bytes.push_back(static_cast<uint8_t>(i * 37 % 256));
  }
  const auto at = [&](int y, int x) {
    return static_cast<double>(
        image.bytes[std::clamp(y, 0, 10) * 7 + std::clamp(x, 0, 6)]);
  };
  const std::vector<uint8_t> resized = Resized(image, 5, 16);
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 16; ++x) {
      const double py = (y + 0.5) * 11 / 5 - 0.5;
      const double px = (x + 0.5) * 7 / 16 - 0.5;
      const int y0 = static_cast<int>(std::floor(py));
      const int x0 = static_cast<int>(std::floor(px));
      const double fy = py - y0;
      const double fx = px - x0;
      const double expected =
          (1 - fy) * ((1 - fx) * at(y0, x0) + fx * at(y0, x0 + 1)) +
          fy * ((1 - fx) * at(y0 + 1, x0) + fx * at(y0 + 1, x0 + 1));
      EXPECT_NEAR(resized[y * 16 + x], expected, 1) << y << " " << x;
    }
  }
}

}  // namespace
}  // namespace quantd::testing
