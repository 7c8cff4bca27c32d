// Sizes that pooling parameters give for both axes at once, or for each.
#ifndef QUANTD_ENGINE_LAYERS_SIZE_PAIR_H_
#define QUANTD_ENGINE_LAYERS_SIZE_PAIR_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "engine/kernels/pool_geometry.h"

namespace quantd {

// One of kernel, stride, pad, output size: given once, or by _h and _w.
struct SizePair {
  std::string field;  // The path from LayerParameter, without _h and _w.
  bool has_both, has_h, has_w;
  int64_t both, h, w;
  int64_t min;  // Of each.
};

// Errors: INVALID_ARGUMENT that names the field if it is given in both forms,
// or a size is not in [min, 65535].
absl::StatusOr<PoolGeometry::Pair> ReadSizePair(const SizePair& pair);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_SIZE_PAIR_H_
