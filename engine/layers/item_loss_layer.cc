#include "engine/layers/item_loss_layer.h"

#include <algorithm>

#include "base/status_macros.h"

namespace quantd {
namespace {

double AtLeastOne(int64_t count) {
  return static_cast<double>(std::max(count, int64_t{1}));
}

}  // namespace

absl::Status ItemLossLayer::Reshape(absl::Span<const Shape> bottoms,
                                    std::vector<Shape>* tops) {
  ASSIGN_OR_RETURN(axis_, MakeItemClasses(bottoms[0], bottoms[1]));
  (*tops)[0] = Shape();
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ItemLossLayer::LabelOf(Bottoms bottoms,
                                               int64_t item) const {
  return ClassOf(bottoms[1]->data()[item], axis_.classes);
}

float ItemLossLayer::MeanOf(double sum) const {
  return static_cast<float>(sum / AtLeastOne(num_items()));
}

float ItemLossLayer::ScaleOf(const BackwardPass& pass) const {
  return static_cast<float>(*pass.top_diffs[0]->data() /
                            AtLeastOne(num_items()));
}

}  // namespace quantd
