// What all layers share whose tops are elements of bottom 0 at other places:
// they say where each element comes from, this copies and runs backward.
#ifndef QUANTD_ENGINE_LAYERS_MAPPED_LAYER_H_
#define QUANTD_ENGINE_LAYERS_MAPPED_LAYER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/layer.h"
#include "engine/core/shape.h"
#include "engine/kernels/strided_map.h"

namespace quantd {

class MappedLayer : public Layer {
 public:
  using Layer::Layer;

  // One bottom and one top, unless a type overrides it.
  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override;

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) final;
  absl::Status Forward(Bottoms bottoms, Tops tops) final;
  absl::Status Backward(const BackwardPass& pass) final;
  bool IsDifferentiable(int bottom) const final { return bottom == 0; }

 protected:
  // A top: its dimensions, and where its elements come from. An axis may be
  // split into several of `axes`; the elements are in the same order.
  struct Top {
    std::vector<int64_t> dims;
    std::vector<StridedAxis> axes;
  };

  // The value of elements without a source.
  virtual float fill() const { return 0; }

 private:
  // Sets `tops`, which are num_tops copies of bottom 0. Dimensions may still
  // be illegal or too large; Reshape() checks them before it uses the axes.
  virtual absl::Status Map(absl::Span<const Shape> bottoms,
                           std::vector<Top>* tops) = 0;

  std::vector<StridedMap> maps_;  // One per top.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_MAPPED_LAYER_H_
