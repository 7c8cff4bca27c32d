#include "engine/data/decode_png.h"

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

// libpng reports errors by longjmp(). Only ReadHeader() and ReadRows() call
// what may jump, and they have no objects with destructors.
struct PngReader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  const char* next = nullptr;
  size_t num_left = 0;
  char message[96] = "";

  PngReader() = default;
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
};

void OnError(png_structp png, png_const_charp message) {
  auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
  std::strncpy(reader->message, message, sizeof(reader->message) - 1);
  longjmp(png_jmpbuf(png), 1);
}

void OnWarning(png_structp png, png_const_charp message) {}

void OnRead(png_structp png, png_bytep to, size_t num_bytes) {
  auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
  if (num_bytes > reader->num_left) png_error(png, "the file is cut short");
  std::memcpy(to, reader->next, num_bytes);
  reader->next += num_bytes;
  reader->num_left -= num_bytes;
}

bool ReadHeader(PngReader* reader) {
  if (setjmp(png_jmpbuf(reader->png)) != 0) return false;
  png_set_read_fn(reader->png, reader, OnRead);
  png_read_info(reader->png, reader->info);
  return true;
}

// To 8 bits a sample, B, G, R order.
void SetTransformations(PngReader* reader, ColorMode mode) {
  const int type = png_get_color_type(reader->png, reader->info);
  png_set_expand(reader->png);
  png_set_strip_16(reader->png);
  png_set_bgr(reader->png);
  if (mode != ColorMode::kAsStored) png_set_strip_alpha(reader->png);
  if (mode == ColorMode::kColor && (type & PNG_COLOR_MASK_COLOR) == 0) {
    png_set_gray_to_rgb(reader->png);
  }
  if (mode == ColorMode::kGray && (type & PNG_COLOR_MASK_COLOR) != 0) {
    png_set_rgb_to_gray(reader->png, PNG_ERROR_ACTION_NONE, 0.299, 0.587);
  }
}

bool PrepareRows(PngReader* reader, ColorMode mode) {
  if (setjmp(png_jmpbuf(reader->png)) != 0) return false;
  SetTransformations(reader, mode);
  png_set_interlace_handling(reader->png);
  png_read_update_info(reader->png, reader->info);
  return true;
}

bool ReadRows(PngReader* reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader->png)) != 0) return false;
  png_read_image(reader->png, rows);
  png_read_end(reader->png, nullptr);
  return true;
}

absl::Status BadPng(const PngReader& reader) {
  return Error(absl::StatusCode::kFailedPrecondition, "DATASET_CORRUPT",
               absl::StrCat("the PNG is damaged: ", reader.message));
}

absl::Status CheckHeader(const PngReader& reader, ColorMode mode) {
  const int64_t width = png_get_image_width(reader.png, reader.info);
  const int64_t height = png_get_image_height(reader.png, reader.info);
  if (width * height > kMaxImagePixels) {
    return Error(absl::StatusCode::kFailedPrecondition, "DATASET_CORRUPT",
                 absl::StrCat("a PNG of ", width, "x", height,
                              " pixels is larger than the limit of ",
                              kMaxImagePixels, " pixels"));
  }
  if (mode == ColorMode::kAsStored &&
      png_get_bit_depth(reader.png, reader.info) == 16) {
    return Error(absl::StatusCode::kFailedPrecondition, "DATASET_CORRUPT",
                 "a PNG with 16 bits per channel needs force_color or "
                 "force_gray in transform_param");
  }
  return absl::OkStatus();
}

}  // namespace

void SetFromInterleaved(const uint8_t* interleaved, Image* image) {
  image->bytes.resize(image->num_elements());
  const int64_t plane = image->height * image->width;
  for (int64_t c = 0; c < image->channels; ++c) {
    uint8_t* to = image->bytes.data() + c * plane;
    const uint8_t* from = interleaved + c;
    for (int64_t i = 0; i < plane; ++i) to[i] = from[i * image->channels];
  }
}

absl::Status DecodePng(absl::string_view file, ColorMode mode, Image* image) {
  PngReader reader;
  reader.next = file.data();
  reader.num_left = file.size();
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, OnError,
                                      OnWarning);
  if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr) {
    return absl::ResourceExhaustedError("no memory for the PNG decoder");
  }
  if (!ReadHeader(&reader)) return BadPng(reader);
  RETURN_IF_ERROR(CheckHeader(reader, mode));
  if (!PrepareRows(&reader, mode)) return BadPng(reader);
  image->floats.clear();
  image->channels = png_get_channels(reader.png, reader.info);
  image->height = png_get_image_height(reader.png, reader.info);
  image->width = png_get_image_width(reader.png, reader.info);
  const size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
  if (row_bytes != static_cast<size_t>(image->channels * image->width)) {
    return BadPng(reader);
  }
  std::vector<uint8_t> interleaved(image->num_elements());
  std::vector<png_bytep> rows(image->height);
  for (size_t y = 0; y < rows.size(); ++y) {
    rows[y] = interleaved.data() + y * row_bytes;
  }
  if (!ReadRows(&reader, rows.data())) return BadPng(reader);
  SetFromInterleaved(interleaved.data(), image);
  return absl::OkStatus();
}

}  // namespace quantd
