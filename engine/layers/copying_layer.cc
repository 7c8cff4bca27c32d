#include "engine/layers/copying_layer.h"

#include <algorithm>

#include "engine/layers/checks.h"

namespace quantd {
namespace {

void Copy(const Tensor& from, Tensor* to) {
  if (&from == to) return;  // In place.
  std::copy_n(from.data(), from.num_elements(), to->DataToOverwrite());
}

}  // namespace

absl::Status CopyingLayer::SetUp(absl::Span<const Shape> bottoms,
                                 int num_tops) {
  return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
}

absl::Status CopyingLayer::Forward(Bottoms bottoms, Tops tops) {
  Copy(*bottoms[0], tops[0]);
  return absl::OkStatus();
}

absl::Status CopyingLayer::Backward(const BackwardPass& pass) {
  Copy(*pass.top_diffs[0], pass.bottom_diffs[0]);
  return absl::OkStatus();
}

}  // namespace quantd
