#include "engine/layers/kept_bottom.h"

#include <algorithm>

#include "base/status_macros.h"

namespace quantd {

absl::Status KeptBottom::Keep(Bottoms bottoms, Tops tops) {
  if (bottoms[0] != tops[0]) return absl::OkStatus();
  RETURN_IF_ERROR(copy_.Resize(bottoms[0]->shape()));
  std::copy_n(bottoms[0]->data(), bottoms[0]->num_elements(), copy_.data());
  return absl::OkStatus();
}

}  // namespace quantd
