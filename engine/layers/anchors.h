// Anchors of region proposal layers.
#ifndef QUANTD_ENGINE_LAYERS_ANCHORS_H_
#define QUANTD_ENGINE_LAYERS_ANCHORS_H_

#include <vector>

#include "absl/types/span.h"
#include "engine/layers/boxes.h"

namespace quantd {

// py-faster-rcnn's anchors around the pixels 0 to base_size - 1: for each ratio
// r, then each scale, a box of s * w by s * h pixels, where w = round(sqrt(
// base_size^2 / r)) and h = round(w * r).
std::vector<Box> MakeAnchors(float base_size, absl::Span<const float> ratios,
                             absl::Span<const float> scales);

// `box` moved by (x, y).
inline Box Moved(const Box& box, float x, float y) {
  return {box.x1 + x, box.y1 + y, box.x2 + x, box.y2 + y};
}

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_ANCHORS_H_
