#include "engine/layers/same_shape_layer.h"

#include "engine/layers/checks.h"

namespace quantd {

absl::Status SameShapeLayer::SetUp(absl::Span<const Shape> bottoms,
                                   int num_tops) {
  return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
}

absl::Status SameShapeLayer::Reshape(absl::Span<const Shape> bottoms,
                                     std::vector<Shape>* tops) {
  (*tops)[0] = bottoms[0];
  return absl::OkStatus();
}

}  // namespace quantd
