// The output maps of YOLO nets: what the layers that read detections from them
// share.
#ifndef QUANTD_ENGINE_LAYERS_YOLO_BOXES_H_
#define QUANTD_ENGINE_LAYERS_YOLO_BOXES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "engine/core/tensor.h"
#include "engine/layers/boxes.h"

namespace quantd {

float YoloSigmoid(float x);

// One scale: a map (N, anchors * values, H, W); channel a * values + v of a
// cell is value v of anchor a.
struct YoloMap {
  const float* data;  // Of one image.
  int64_t height;
  int64_t width;
  int64_t values;  // Per anchor.

  // The first value of an anchor in a cell (row-major); the others follow at
  // distance stride().
  const float* At(int64_t anchor, int64_t cell) const {
    return data + anchor * values * height * width + cell;
  }
  int64_t stride() const { return height * width; }
};

YoloMap MapOf(const Tensor& map, int64_t item, int64_t values);

// As parts of the image: centre ((column + sx) / width, (row + sy) / height),
// where sx and sy are sigmoids; size (exp(w) * anchor_w, exp(h) * anchor_h).
struct YoloBox {
  float x;
  float y;
  float w;
  float h;

  Box Corners() const { return {x - w / 2, y - h / 2, x + w / 2, y + h / 2}; }
};
YoloBox DecodeYolo(const YoloMap& map, int64_t anchor, int64_t cell,
                   float anchor_w, float anchor_h);

struct ClassScore {
  int label;
  float probability;
};
// The class of highest softmax, the first of equal ones. `num_classes` >= 1.
ClassScore BestClass(const float* scores, int64_t stride, int64_t num_classes);

// Errors: INVALID_ARGUMENT, LAYER_SHAPE_INVALID unless bottom `index` is (N,
// channels, H, W) with as many images as bottom 0.
absl::Status CheckYoloMap(absl::Span<const Shape> bottoms, int index,
                          int64_t channels);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_YOLO_BOXES_H_
