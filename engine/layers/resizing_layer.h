// What the layers share whose top is the bottom interpolated along some axes.
#ifndef QUANTD_ENGINE_LAYERS_RESIZING_LAYER_H_
#define QUANTD_ENGINE_LAYERS_RESIZING_LAYER_H_

#include <vector>

#include "absl/status/status.h"
#include "engine/core/layer.h"
#include "engine/layers/resize_axes.h"

namespace quantd {

// A type gives SetUp() and Reshape(), which sets `axes_` in their order.
class ResizingLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status Forward(Bottoms bottoms, Tops tops) final {
    return Resize(*bottoms[0], axes_, tops[0]);
  }

  absl::Status Backward(const BackwardPass& pass) final {
    return ResizeBackward(*pass.top_diffs[0], axes_, pass.bottom_diffs[0]);
  }

 protected:
  std::vector<ResizeAxis> axes_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_RESIZING_LAYER_H_
