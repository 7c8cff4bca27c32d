#include "engine/layers/size_pair.h"

#include "base/status_macros.h"
#include "engine/layers/checks.h"

namespace quantd {

absl::StatusOr<PoolGeometry::Pair> ReadSizePair(const SizePair& pair) {
  const bool is_split = pair.has_h || pair.has_w;
  if (pair.has_both && is_split) {
    return FieldError(pair.field,
                      "is given together with its _h and _w forms; keep one");
  }
  const int64_t h = is_split ? pair.h : pair.both;
  const int64_t w = is_split ? pair.w : pair.both;
  RETURN_IF_ERROR(CheckSize(pair.field, h, pair.min));
  RETURN_IF_ERROR(CheckSize(pair.field, w, pair.min));
  return PoolGeometry::Pair{h, w};
}

}  // namespace quantd
