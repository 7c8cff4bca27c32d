// What all layers share that give the bottom another shape, or none at all.
#ifndef QUANTD_ENGINE_LAYERS_COPYING_LAYER_H_
#define QUANTD_ENGINE_LAYERS_COPYING_LAYER_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/layer.h"
#include "engine/core/shape.h"

namespace quantd {

// Copies bottom 0 to top 0, which has as many elements. A type gives Reshape().
class CopyingLayer : public Layer {
 public:
  using Layer::Layer;

  // One bottom and one top, unless a type overrides it.
  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override;
  absl::Status Forward(Bottoms bottoms, Tops tops) final;
  absl::Status Backward(const BackwardPass& pass) final;
  bool IsDifferentiable(int bottom) const final { return bottom == 0; }
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_COPYING_LAYER_H_
