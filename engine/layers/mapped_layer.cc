#include "engine/layers/mapped_layer.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "engine/layers/checks.h"

namespace quantd {

absl::Status MappedLayer::SetUp(absl::Span<const Shape> bottoms, int num_tops) {
  return CheckArity(bottoms, {1, 1}, num_tops, {1, 1});
}

absl::Status MappedLayer::Reshape(absl::Span<const Shape> bottoms,
                                  std::vector<Shape>* tops) {
  std::vector<Top> mapped(tops->size(),
                          {bottoms[0].dims(), IdentityAxes(bottoms[0])});
  RETURN_IF_ERROR(Map(bottoms, &mapped));
  maps_.clear();
  for (size_t i = 0; i < mapped.size(); ++i) {
    ASSIGN_OR_RETURN((*tops)[i], Shape::Create(mapped[i].dims));
    maps_.emplace_back(std::move(mapped[i].axes));
  }
  return absl::OkStatus();
}

absl::Status MappedLayer::Forward(Bottoms bottoms, Tops tops) {
  const float* x = bottoms[0]->data();
  for (size_t i = 0; i < maps_.size(); ++i) {
    maps_[i].Copy(x, fill(), tops[i]->DataToOverwrite());
  }
  return absl::OkStatus();
}

absl::Status MappedLayer::Backward(const BackwardPass& pass) {
  absl::Span<float> dx = pass.bottom_diffs[0]->values();
  std::fill(dx.begin(), dx.end(), 0.0f);
  for (size_t i = 0; i < maps_.size(); ++i) {
    maps_[i].AddBack(pass.top_diffs[i]->data(), dx.data());
  }
  return absl::OkStatus();
}

}  // namespace quantd
