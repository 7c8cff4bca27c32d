#include "engine/layers/kept_bottom.h"

#include "base/status_macros.h"
#include "engine/layers/copy_tensor.h"

namespace quantd {

absl::Status KeptBottom::Keep(Bottoms bottoms, Tops tops) {
  if (bottoms[0] != tops[0]) return absl::OkStatus();
  RETURN_IF_ERROR(copy_.Resize(bottoms[0]->shape()));
  CopyTensor(*bottoms[0], &copy_);
  return absl::OkStatus();
}

}  // namespace quantd
