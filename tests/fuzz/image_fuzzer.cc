// Whatever an image file or a Datum holds, decoding it ends in an image of the
// size that it says, or in an error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "engine/data/datum.h"
#include "engine/data/decode_image.h"

namespace {

void CheckSize(const quantd::Image& image) {
  const size_t values = std::max(image.bytes.size(), image.floats.size());
  if (values != static_cast<size_t>(image.num_elements())) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  quantd::Image image;
  quantd::DecodedDatum datum;
  for (const quantd::ColorMode mode :
       {quantd::ColorMode::kAsStored, quantd::ColorMode::kColor,
        quantd::ColorMode::kGray}) {
    if (quantd::DecodeImage(bytes, mode, &image).ok()) CheckSize(image);
    if (quantd::DecodeDatum(bytes, mode, &datum).ok()) CheckSize(datum.image);
  }
  return 0;
}
