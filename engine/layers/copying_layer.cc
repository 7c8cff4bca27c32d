#include "engine/layers/copying_layer.h"

#include "engine/layers/checks.h"
#include "engine/layers/copy_tensor.h"

namespace quantd {

absl::Status CopyingLayer::SetUp(absl::Span<const Shape> bottoms,
                                 int num_tops) {
  return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
}

absl::Status CopyingLayer::Forward(Bottoms bottoms, Tops tops) {
  CopyTensor(*bottoms[0], tops[0]);
  return absl::OkStatus();
}

absl::Status CopyingLayer::Backward(const BackwardPass& pass) {
  CopyTensor(*pass.top_diffs[0], pass.bottom_diffs[0]);
  return absl::OkStatus();
}

}  // namespace quantd
