// What HingeLoss and MultinomialLogisticLoss share: scores of classes and a
// label for each item, a loss divided by the items.
#ifndef QUANTD_ENGINE_LAYERS_ITEM_LOSS_LAYER_H_
#define QUANTD_ENGINE_LAYERS_ITEM_LOSS_LAYER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/core/layer.h"
#include "engine/core/shape.h"
#include "engine/layers/labels.h"
#include "engine/layers/loss_layer.h"

namespace quantd {

// Bottom 0: scores, all axes after the first are classes. Bottom 1: labels.
class ItemLossLayer : public LossLayer {
 public:
  using LossLayer::LossLayer;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) final;

 protected:
  int64_t num_items() const { return axis_.outer; }
  int64_t num_classes() const { return axis_.classes; }
  // Where the score of `class_index` is.
  int64_t IndexOf(int64_t item, int64_t class_index) const {
    return axis_.IndexOf(item, class_index);
  }
  // Errors: as ClassOf().
  absl::StatusOr<int64_t> LabelOf(Bottoms bottoms, int64_t item) const;

  // Top 0 of a loss whose sum over the items is `sum`.
  float MeanOf(double sum) const;
  // What the gradient of that sum is multiplied by.
  float ScaleOf(const BackwardPass& pass) const;

 private:
  ClassAxis axis_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_ITEM_LOSS_LAYER_H_
