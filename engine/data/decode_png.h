// The PNG half of decode_image.h.
#ifndef QUANTD_ENGINE_DATA_DECODE_PNG_H_
#define QUANTD_ENGINE_DATA_DECODE_PNG_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "engine/data/decode_image.h"
#include "engine/data/image.h"

namespace quantd {

// As DecodeImage(), for a file that starts with the PNG signature.
absl::Status DecodePng(absl::string_view file, ColorMode mode, Image* image);

// Copies `interleaved` (row, column, channel) to the planes of `image`, whose
// dimensions are set; `bytes` takes the size.
void SetFromInterleaved(const uint8_t* interleaved, Image* image);

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_DECODE_PNG_H_
