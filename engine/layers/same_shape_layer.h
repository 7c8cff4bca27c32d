// What all layers share that compute one top of the bottom's shape, in place
// too.
#ifndef QUANTD_ENGINE_LAYERS_SAME_SHAPE_LAYER_H_
#define QUANTD_ENGINE_LAYERS_SAME_SHAPE_LAYER_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/layer.h"
#include "engine/core/shape.h"

namespace quantd {

class SameShapeLayer : public Layer {
 public:
  using Layer::Layer;

  // One bottom and one top. A type with parameters to check overrides it.
  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override;
  bool AllowsInPlace() const override { return true; }
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_SAME_SHAPE_LAYER_H_
