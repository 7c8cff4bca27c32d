// What loss layers share: a top that is the net's loss, a label that has no
// gradient, and LossParameter.
#ifndef QUANTD_ENGINE_LAYERS_LOSS_LAYER_H_
#define QUANTD_ENGINE_LAYERS_LOSS_LAYER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/layer.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"

namespace quantd {

// Base of the loss types: bottom 0 is the prediction, bottom 1 what it is
// compared with, top 0 the loss, a scalar.
class LossLayer : public Layer {
 public:
  using Layer::Layer;

  // Two bottoms and one top, unless a type overrides it.
  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override;
  float DefaultLossWeight(int index) const override { return index == 0; }
  int NumAutomaticTops() const override { return 1; }
  bool IsDifferentiable(int bottom) const override { return bottom == 0; }

 protected:
  using Normalization = caffe::LossParameter::NormalizationMode;

  // Positions of a prediction: items (outer) times positions of an item.
  struct Positions {
    int64_t outer = 0;
    int64_t inner = 0;
    int64_t num_valid = 0;  // Those that are not ignored.
  };

  // True for loss_param.ignore_label, fractions cut off, as in Caffe.
  bool IsIgnored(float label) const;

  // What the sum over all positions is divided by: at least 1. `absent` is the
  // type's normalization if loss_param gives neither normalization nor the old
  // normalize (true: VALID, false: BATCH_SIZE).
  double Divisor(const Positions& positions,
                 Normalization absent = caffe::LossParameter::VALID) const;
};

// Both bottoms have the same first dimension, and an item of each has the same
// number of values. Errors: INVALID_ARGUMENT, LAYER_SHAPE_INVALID.
absl::Status CheckSameItems(const Shape& a, const Shape& b);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_LOSS_LAYER_H_
