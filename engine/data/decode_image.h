// Decodes JPEG and PNG files as OpenCV does for Caffe.
#ifndef QUANTD_ENGINE_DATA_DECODE_IMAGE_H_
#define QUANTD_ENGINE_DATA_DECODE_IMAGE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "engine/data/image.h"

namespace quantd {

enum class ColorMode {
  kAsStored,  // 1 channel for grey files, 3 for colour, 4 for PNG with alpha.
  kColor,     // 3 channels.
  kGray,      // 1 channel: luma.
};

// Pixels of one image at most; a larger header is refused before any memory is
// taken.
inline constexpr int64_t kMaxImagePixels = int64_t{64} << 20;
// Bytes of one encoded file at most.
inline constexpr int64_t kMaxImageFileBytes = int64_t{256} << 20;

// Decodes `file`, the contents of a JPEG or PNG file, into `image->bytes`
// (planar BGR). JPEG: accurate integer DCT and smooth chroma upsampling, as
// libjpeg's defaults.
// Errors: FAILED_PRECONDITION, DATASET_CORRUPT for other formats (by name, as
// far as they are known), damaged or cut files, CMYK, 16 bits per channel with
// kAsStored, more than kMaxImageFileBytes or kMaxImagePixels, and JPEGs of more
// than 500 scans, which take for ever. The caller adds the record.
absl::Status DecodeImage(absl::string_view file, ColorMode mode, Image* image);

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_DECODE_IMAGE_H_
