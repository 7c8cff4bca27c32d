// Counts what a binary net contains before anything is allocated for it: few
// bytes on the wire can otherwise ask for much memory.
#ifndef QUANTD_ENGINE_MODEL_WIRE_LIMITS_H_
#define QUANTD_ENGINE_MODEL_WIRE_LIMITS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace quantd {

// Limits of one net on the wire.
inline constexpr int kMaxWireLayers = 20000;
inline constexpr int kMaxWireBlobsPerLayer = 1024;
// Bytes of all layers without their blobs, together.
inline constexpr int64_t kMaxWireSettingsBytes = int64_t{64} << 20;
// Bytes of one blob's BlobShape.
inline constexpr int64_t kMaxWireShapeBytes = 1024;

struct WireProblem {
  std::string message;  // Empty: no problem.
  int64_t offset = 0;   // Byte where it is.
};

// Walks the top levels of `bytes`, a caffe.NetParameter: well-formed fields,
// and no more of anything than the limits above.
WireProblem CheckNetOnWire(absl::string_view bytes);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_WIRE_LIMITS_H_
