#include "engine/data/decode_image.h"

#include <turbojpeg.h>

#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "engine/data/decode_png.h"

namespace quantd {
namespace {

absl::Status BadImage(absl::string_view why) {
  return Error(absl::StatusCode::kFailedPrecondition, "DATASET_CORRUPT", why);
}

struct DestroyHandle {
  void operator()(void* handle) const { tjDestroy(handle); }
};

// libjpeg repairs what it can and warns. Bytes too many are harmless; anything
// else means that part of the picture is made up.
bool IsHarmless(tjhandle handle) {
  return tjGetErrorCode(handle) == TJERR_WARNING &&
         absl::StrContains(tjGetErrorStr2(handle), "extraneous bytes");
}

absl::Status DecodeJpeg(absl::string_view file, ColorMode mode, Image* image) {
  const std::unique_ptr<void, DestroyHandle> handle(tjInitDecompress());
  if (handle == nullptr) return absl::ResourceExhaustedError("no JPEG decoder");
  const auto* data = reinterpret_cast<const unsigned char*>(file.data());
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colorspace = 0;
  if (tjDecompressHeader3(handle.get(), data, file.size(), &width, &height,
                          &subsampling, &colorspace) != 0 &&
      !IsHarmless(handle.get())) {
    return BadImage(absl::StrCat("the JPEG header cannot be read: ",
                                 tjGetErrorStr2(handle.get())));
  }
  if (int64_t{width} * height > kMaxImagePixels) {
    return BadImage(absl::StrCat("a JPEG of ", width, "x", height,
                                 " pixels is larger than the limit of ",
                                 kMaxImagePixels, " pixels"));
  }
  if (colorspace == TJCS_CMYK || colorspace == TJCS_YCCK) {
    return BadImage("CMYK JPEGs are not supported: convert the image to RGB");
  }
  const bool gray = mode == ColorMode::kGray ||
                    (mode == ColorMode::kAsStored && colorspace == TJCS_GRAY);
  image->channels = gray ? 1 : 3;
  image->height = height;
  image->width = width;
  std::vector<uint8_t> interleaved(image->num_elements());
  if (tjDecompress2(handle.get(), data, file.size(), interleaved.data(), width,
                    0, height, gray ? TJPF_GRAY : TJPF_BGR,
                    TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0 &&
      !IsHarmless(handle.get())) {
    return BadImage(
        absl::StrCat("the JPEG is damaged: ", tjGetErrorStr2(handle.get())));
  }
  SetFromInterleaved(interleaved.data(), image);
  return absl::OkStatus();
}

// What else files in a data set are, by their first bytes.
absl::string_view FormatOf(absl::string_view file) {
  struct Format {
    absl::string_view start;
    absl::string_view name;
  };
  static constexpr Format kFormats[] = {
      {"BM", "a BMP"},
      {"GIF8", "a GIF"},
      {"II*", "a TIFF"},
      {"MM", "a TIFF"},
      {"P5", "a PGM"},
      {"P6", "a PPM"},
      {"RIFF", "a WebP"},
      {"\x89HDF", "an HDF5 file"},
      {"\xff\x4f", "a JPEG 2000"},
      {"version https://git-lfs", "a Git LFS link"},
  };
  for (const Format& format : kFormats) {
    if (absl::StartsWith(file, format.start)) return format.name;
  }
  return file.empty() ? "empty" : "of an unknown format";
}

absl::Status OtherFormat(absl::string_view file) {
  return BadImage(absl::StrCat("the encoded image is ", FormatOf(file),
                               ", neither JPEG nor PNG: convert it to one of "
                               "these"));
}

}  // namespace

absl::Status DecodeImage(absl::string_view file, ColorMode mode, Image* image) {
  image->floats.clear();
  if (static_cast<int64_t>(file.size()) > kMaxImageFileBytes) {
    return BadImage(absl::StrCat("the encoded image has ", file.size(),
                                 " bytes; at most ", kMaxImageFileBytes,
                                 " are read"));
  }
  if (absl::StartsWith(file, "\xff\xd8")) return DecodeJpeg(file, mode, image);
  if (absl::StartsWith(file, "\x89PNG\r\n\x1a\n")) {
    return DecodePng(file, mode, image);
  }
  return OtherFormat(file);
}

}  // namespace quantd
