#include "engine/data/testing/test_images.h"

#include <png.h>
#include <turbojpeg.h>

#include "gtest/gtest.h"

namespace quantd::testing {
namespace {

void Append(png_structp png, png_bytep data, size_t size) {
  auto* out = static_cast<std::string*>(png_get_io_ptr(png));
  out->append(reinterpret_cast<const char*>(data), size);
}

std::string Encode(int width, int height, int color_type, int bit_depth,
                   const std::vector<uint8_t>& bytes) {
  std::string out;
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &out, Append, nullptr);
  png_set_IHDR(png, info, width, height, bit_depth, color_type,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  const size_t row_bytes = bytes.size() / height;
  for (int y = 0; y < height; ++y) {
    png_write_row(png, bytes.data() + y * row_bytes);
  }
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

}  // namespace

std::string EncodePng(int width, int height, int channels,
                      const std::vector<uint8_t>& samples) {
  const int type = channels == 1   ? PNG_COLOR_TYPE_GRAY
                   : channels == 3 ? PNG_COLOR_TYPE_RGB
                                   : PNG_COLOR_TYPE_RGB_ALPHA;
  return Encode(width, height, type, 8, samples);
}

std::string EncodePng16(int width, int height,
                        const std::vector<uint16_t>& samples) {
  std::vector<uint8_t> bytes;
  for (const uint16_t sample : samples) {
    bytes.push_back(static_cast<uint8_t>(sample >> 8));
    bytes.push_back(static_cast<uint8_t>(sample & 255));
  }
  return Encode(width, height, PNG_COLOR_TYPE_GRAY, 16, bytes);
}

std::string EncodeJpeg(int width, int height, int channels,
                       const std::vector<uint8_t>& samples) {
  tjhandle handle = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;  // NOLINT: TurboJPEG's type.
  EXPECT_EQ(tjCompress2(handle, samples.data(), width, 0, height,
                        channels == 1 ? TJPF_GRAY : TJPF_RGB, &data, &size,
                        channels == 1 ? TJSAMP_GRAY : TJSAMP_444, 100,
                        TJFLAG_ACCURATEDCT),
            0);
  const std::string out(reinterpret_cast<const char*>(data), size);
  tjFree(data);
  tjDestroy(handle);
  return out;
}

}  // namespace quantd::testing
